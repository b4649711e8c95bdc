// measure_trigger.h - why there is a usage report, and what asks for one, as oss.proto has them: bit 1 of octet 5 first.
#pragma once

// Usage Report Trigger, TS 29.244 8.2.41; bit 1 of octet 5 first.
enum measure_trigger {
	MEASURE_PERIO = 1 << 0,
	MEASURE_VOLTH = 1 << 1,
	MEASURE_TIMTH = 1 << 2,
	MEASURE_QUHTI = 1 << 3,
	MEASURE_START = 1 << 4,
	MEASURE_STOPT = 1 << 5,
	MEASURE_DROTH = 1 << 6,
	MEASURE_IMMER = 1 << 7,
	MEASURE_VOLQU = 1 << 8,
	MEASURE_TIMQU = 1 << 9,
	MEASURE_LIUSA = 1 << 10,
	MEASURE_TERMR = 1 << 11,
	MEASURE_MONIT = 1 << 12,
	MEASURE_EVETH = 1 << 15,
	MEASURE_EVEQU = 1 << 16,
	MEASURE_QUVTI = 1 << 19,
};

// Reporting Triggers, TS 29.244 8.2.19. The first two octets have most of these bits where the others have them.
enum measure_ask {
	MEASURE_ASK_PERIO = 1 << 0,
	MEASURE_ASK_VOLTH = 1 << 1,
	MEASURE_ASK_TIMTH = 1 << 2,
	MEASURE_ASK_QUHTI = 1 << 3,
	MEASURE_ASK_START = 1 << 4,
	MEASURE_ASK_STOPT = 1 << 5,
	MEASURE_ASK_DROTH = 1 << 6,
	MEASURE_ASK_LIUSA = 1 << 7,
	MEASURE_ASK_VOLQU = 1 << 8,
	MEASURE_ASK_TIMQU = 1 << 9,
	MEASURE_ASK_EVETH = 1 << 12,
	MEASURE_ASK_EVEQU = 1 << 13,
	MEASURE_ASK_QUVTI = 1 << 15,
};
