"""Reading iCalendar text (planner §5.3): pure, slow and run in killable processes only."""
