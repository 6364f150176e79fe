"""What happens by itself: returns of periods that ended are begun, and whoever owns one hears before it is due."""
