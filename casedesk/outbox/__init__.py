"""What the desk sends out by itself: alerts to webhooks."""
