#!/bin/sh
# The greeting is right, and a name that does not fit is refused.
set -e
export LD_LIBRARY_PATH=.
test "$(./greet)" = "Hello, world!"
test "$(./greet RPM)" = "Hello, RPM!"
long=$(printf '%0300d' 0)
if ./greet "$long" 2>/dev/null; then
    echo "a long name was taken" >&2
    exit 1
fi
echo "all tests passed"
