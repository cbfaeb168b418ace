"""The pages that a service-quality manager opens: plain HTML, written from a published version, beside it.

Each module named after a page says what is on it; nothing here computes a figure, and no page holds a number that
is not in the published file.
"""
