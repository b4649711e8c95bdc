// coming.h - the sheet that comes in pieces before the SET that names it (shared/wire/change.h), kept in the shard's region: whoever
// takes the shard over has what had come. For the shard's owner.
#pragma once
#include "shared/wire/change.h"
#include "workers/lines/lines_rules.h"

// Takes a piece. 0: it is there, or was already. -ENODATA: it does not follow what came before. -EINVAL: no sheet of that
// size has room here.
int coming_take(const struct lines *lines, const struct change *change);

// The sheet that this SET names. 0 with *sheet, checked, and it fits; -ENODATA: not all of it is there, or it is another one; -EINVAL: it
// is none, or has no room here.
int coming_sheet(const struct lines *lines, const struct change *change, const struct sheet **sheet);
