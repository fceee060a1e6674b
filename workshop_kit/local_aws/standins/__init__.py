"""Stand-ins behind Converse: rules that play a large model's part locally, under their own names."""
