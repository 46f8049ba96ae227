"""Importing planner's tables from the Django monolith (planner §1). Ids stay."""
