"""What needs whom: alerts, reminders, escalations, and the kinds of mail. It stands above what it tells about."""
