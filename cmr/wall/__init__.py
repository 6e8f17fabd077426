"""The wall of the left ventricle: its borders, and chords across it."""
