"""APK files, signatures, codes read back, and the adb program."""
