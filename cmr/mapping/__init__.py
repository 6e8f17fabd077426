"""From source images and scanner maps to T1, T2, T2* and ECV of every AHA segment."""
