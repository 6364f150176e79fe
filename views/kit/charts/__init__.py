"""Charts over time: what is drawn (``data``), in which colours (``style``), and the widget (``time_chart``)."""
