// link.h - what ctrl's NNG sockets have in common.
#pragma once

#define LINK_MESSAGE_MAX (1024u * 1024)

// -errno for an NNG error.
int link_error(int code);
