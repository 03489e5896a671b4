#!/bin/sh
# A stand-in: listens where the launcher would.
exec "$(dirname "$0")/stand-in" frameworklauncher "$SERVICE_PORT"
