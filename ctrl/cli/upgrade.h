// upgrade.h - words for an upgrade that other commands show too. Pure.
#pragma once
#include "proto/oss.pb-c.h"

const char *upgrade_phase(Shoal__Oss__UpgradePhase phase); // "rolling back"
