// modes.h - who may touch our files: what is found too open is refused, by name and mode, before anything is trusted to it.
//
// The run directory may be shared among the accounts of Shoal's processes: it then hands its group on (setgid), lets the group
// write, and nobody remove what is another's (sticky): mode 3770. Sockets in it are for the group, anything else for its owner.
#pragma once
#include <stdbool.h>
#include <sys/types.h>
#include "shared/base/conf.h"

enum modes_who {
	MODES_PRIVATE,      // nobody but the owner; or shared as above
	MODES_GROUP_ENTERS, // the group may enter, not write
	MODES_ALL_ENTER     // everybody may enter, not write
};

// Makes the folder if there is none (for MODES_GROUP_ENTERS, the group's), and checks it: it belongs to root or to us, and is no
// more open than that. 0, or -errno with a log line.
int modes_folder(const char *path, enum modes_who who, gid_t group);

// At every process's start: what it makes is its own (umask 077), the configuration is nobody else's to change, and the run
// directory is there and as tight as it must be. Root makes it, shared where the configuration gives ctrl a user of its own. 0, or -errno with a log line.
int modes_begin(const struct conf *conf);

// A file or folder that others must not write: the configuration, the hugepages'. 0, or -errno with a log line.
int modes_unwritable(const char *path);

// Whether the file's folder is shared so; with whom. A socket there is for that group.
bool modes_shared(const char *path, gid_t *group);
