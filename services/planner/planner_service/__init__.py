"""Planner: events, calendar feeds, work sessions, week and heatmap."""
