"""Paper: codes, fonts, label sheets and documents; knows no word of the business.

What draws and reads is large (25 MB, a quarter of a second) and is imported when something is printed.
"""
