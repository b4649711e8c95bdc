// ids.h - ids of rules. PFCP's may be 0 (TS 29.244 8.2.36, 8.2.54, 8.2.74, 8.2.75), those of oss.proto not.
//
// Plain values.
#pragma once
#include <stdint.h>

#define PREDEFINED_ID \
	0x80000000u // from here on: of rules that are the user plane's own (8.2.75); first those that the operator has configured
#define FLOW_ID (PREDEFINED_ID + 32u) // then the one of translate_flow.c
#define IDS_PFCP_MAX (UINT32_MAX - 1) // of those that oss.proto can tell

static inline uint32_t oss_id(uint32_t pfcp)
{
	return pfcp + 1;
}

static inline uint32_t pfcp_id(uint32_t oss)
{
	return oss - 1;
}
