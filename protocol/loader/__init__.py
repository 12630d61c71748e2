"""Reading the protocol text: its schema, its parser, and what makes it consistent."""
