#!/bin/sh
# First contact with Kitto, for a Mac: open Terminal, then: sudo sh kitto-bootstrap.command
set -eu
[ "$(id -u)" = 0 ] || exec sudo /bin/sh "$0" "$@"
# /usr/bin/python3 is only a door to the developer tools until they are installed.
if ! xcode-select -p >/dev/null 2>&1; then
    echo "kitto: this Mac has no Python. Install the command line tools (xcode-select --install), then start this again."
    exit 2
fi
umask 077
folder=/var/lib/kitto-bootstrap
mkdir -p "$folder"
base64 -D >"$folder/kitto-bootstrap.py" <<'PACKED'
{{ packed }}
PACKED
/usr/bin/python3 "$folder/kitto-bootstrap.py" "$@" && rm -f "$0"
