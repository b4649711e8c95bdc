// attach.c - the only place of the workers' folder that calls the EAL. Main thread of the nursery, before its first fork.
#include "workers/nursery/attach.h"
#include <errno.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <rte_eal.h>
#include <rte_errno.h>
#include "shared/base/log.h"

// An lcore id the primary never uses; it floats over all processors this process may use.
#define LCORE 127

// "127@(0,1,2,3)": the EAL would pin us to one processor, and every fork inherits that.
static int lcores_name(char *text, size_t bytes)
{
	cpu_set_t allowed;
	int length = snprintf(text, bytes, "%d@(", LCORE);
	bool first = true;

	if (sched_getaffinity(0, sizeof(allowed), &allowed))
		return -errno;
	for (unsigned cpu = 0; cpu < CPU_SETSIZE && length < (int)bytes - 8; cpu++) {
		if (!CPU_ISSET(cpu, &allowed))
			continue;
		length += snprintf(text + length, bytes - (size_t)length, "%s%u", first ? "" : ",", cpu);
		first = false;
	}
	snprintf(text + length, bytes - (size_t)length, ")");
	return 0;
}

int attach_eal(const char *prefix, const char *dir)
{
	char lcores[2048], prefix_option[128], dir_option[320];
	char *arguments[] = {
		"shoal-nursery",     "--proc-type=secondary", prefix_option,    dir_option, "--no-pci",
		"--no-telemetry",    "--legacy-mem",          "--iova-mode=va", "--lcores", lcores,
		"--log-level=error",
	};
	int error = lcores_name(lcores, sizeof(lcores));

	if (error)
		return error;
	snprintf(prefix_option, sizeof(prefix_option), "--file-prefix=%s", prefix);
	snprintf(dir_option, sizeof(dir_option), "--huge-dir=%s", dir);
	if (rte_eal_init((int)(sizeof(arguments) / sizeof(arguments[0])), arguments) < 0) {
		log_error("nursery.eal", "EAL as secondary of %s: %s", prefix, rte_strerror(rte_errno));
		return -EIO;
	}
	return 0;
}
