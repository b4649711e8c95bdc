#!/bin/bash
# The plane's memzones are made, found again, and refused when they are not what this build made.
set -euo pipefail
. "$(dirname "$0")/../lab/story.sh"
story_needs root hugepages hugetlbfs
lab_open
lab_hugepages 256
that "zones" "$BUILD/tests/smoke/zone_probe" "$LAB/huge"
