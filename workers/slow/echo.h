// echo.h - answers to questions put to the gateway itself. Pure; the packet becomes its answer in place.
#pragma once
#include "shared/plane/verdict.h"
#include "workers/slow/slow.h"

#define ECHO_HOPS 64u // TTL and hop limit of what we send

// An IP packet to one of our addresses: ICMP echo (RFC 792, RFC 4443 4.2). VERDICT_ANSWERED, or the refusal.
enum verdict echo_answer(struct slow_packet *packet);
