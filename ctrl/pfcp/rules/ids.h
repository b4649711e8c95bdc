// ids.h - ids of rules. PFCP's may be 0 (TS 29.244 8.2.36, 8.2.54, 8.2.74, 8.2.75), those of oss.proto not.
//
// Plain values.
#pragma once
#include <stdint.h>

#define IDS_PFCP_MAX (UINT32_MAX - 1) // of those that oss.proto can tell

static inline uint32_t oss_id(uint32_t pfcp)
{
	return pfcp + 1;
}

static inline uint32_t pfcp_id(uint32_t oss)
{
	return oss - 1;
}
