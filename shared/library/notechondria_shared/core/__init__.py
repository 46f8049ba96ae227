"""What everything else stands on: errors, settings, time, logging. Imports nothing of the layers above."""
