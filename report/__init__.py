"""The report that people read: one page model, written as PDF and as HTML."""
