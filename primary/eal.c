// eal.c - hugepages and the EAL. Main thread; nothing here is called once the loop runs.
#include "primary/eal.h"

#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <rte_eal.h>
#include <rte_errno.h>

#include "primary/nic/nic.h"
#include "shared/base/clock.h"
#include "shared/base/log.h"
#include "shared/base/notify.h"

#define PAGE ((size_t)2 << 20)
#define HUGETLBFS 0x958458f6
#define PREFIX "shoal-"
#define WAIT_NS 5000000000ull
#define ARGS_MAX 96

// The process a file "shoal-<pid>..." belongs to; 0 if it is not named so.
static int file_owner(const char *name)
{
	if (strncmp(name, PREFIX, strlen(PREFIX)) != 0)
		return 0;
	return atoi(name + strlen(PREFIX));
}

// A zombie is dead: its memory is not its own any more, whoever has yet to wait for it.
static bool owner_lives(int pid)
{
	char path[64], state = 'Z';
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	file = fopen(path, "r");
	if (!file)
		return false;
	if (fscanf(file, "%*d (%*[^)]) %c", &state) != 1)
		state = 'Z'; // it ended while we looked
	fclose(file);
	return state != 'Z' && state != 'X';
}

// Unlinks the files of dir that `all` or a dead or named primary owns.
static void dir_clear(const char *dir, bool all, int own)
{
	DIR *list = opendir(dir);
	struct dirent *entry;
	char path[1024];

	if (!list)
		return;
	while ((entry = readdir(list))) {
		int pid = file_owner(entry->d_name);

		if (entry->d_name[0] == '.' || (!all && (!pid || (pid != own && owner_lives(pid)))))
			continue;
		snprintf(path, sizeof(path), "%s/%s", dir, entry->d_name);
		if (unlink(path) == 0 || (errno != EISDIR && errno != EPERM))
			continue;
		dir_clear(path, true, 0); // the runtime directory of a generation: files only
		rmdir(path);
	}
	closedir(list);
}

// The hugepages of dead primaries, or ours, and the EAL's own files of theirs, which it puts into run_dir/dpdk (eal_open).
static void files_clear(const struct conf *conf, int own)
{
	char runtime[300];

	snprintf(runtime, sizeof(runtime), "%s/dpdk", conf->run_dir);
	dir_clear(conf->hugepage_dir, false, own);
	dir_clear(runtime, false, own);
}

void eal_sweep(const struct conf *conf)
{
	files_clear(conf, 0);
}

static size_t pages_count(const char *path)
{
	FILE *file = fopen(path, "r");
	unsigned long pages = 0;

	if (!file)
		return 0;
	if (fscanf(file, "%lu", &pages) != 1)
		pages = 0;
	fclose(file);
	return pages;
}

// What is promised to somebody is not free, though he has not touched it yet.
static size_t pages_free_system(void)
{
	size_t pages = pages_count("/sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages");
	size_t promised = pages_count("/sys/kernel/mm/hugepages/hugepages-2048kB/resv_hugepages");

	return pages > promised ? pages - promised : 0;
}

// Free pages that this mount lets us have: its own limit, if it has one, counts too.
static size_t pages_free(const struct statfs *mount)
{
	size_t pages = pages_free_system();

	return mount->f_blocks && (size_t)mount->f_bfree < pages ? (size_t)mount->f_bfree : pages;
}

int eal_room(const struct conf *conf, size_t bytes)
{
	const char *hugepage_dir = conf->hugepage_dir;
	size_t needed = (bytes + PAGE - 1) / PAGE, there;
	uint64_t end = clock_ns() + WAIT_NS;
	struct statfs mount;

	for (;;) {
		if (statfs(hugepage_dir, &mount) || mount.f_type != HUGETLBFS || mount.f_bsize != (long)PAGE) {
			log_error("hugepages.dir", "primary.hugepage_dir: %s is not a hugetlbfs mount of 2 MB pages",
				  hugepage_dir);
			return -ENOTDIR;
		}
		there = pages_free(&mount);
		if (there >= needed)
			return 0;
		if (clock_ns() > end)
			break;
		notify_status("waiting for hugepages");
		usleep(50000);
		eal_sweep(conf);
	}
	log_error("hugepages.few", "too few hugepages: %zu of 2 MB needed, %zu free in %s", needed, there,
		  hugepage_dir);
	return -ENOMEM;
}

static bool has_pci(const struct conf *conf)
{
	for (unsigned i = 0; i < conf->ports; i++)
		if (conf->port[i].driver == CONF_PCI)
			return true;
	return false;
}

int eal_open(const struct conf *conf, size_t bytes, char prefix[EAL_PREFIX_BYTES])
{
	char file_prefix[96], dir[320], memory[32], lcores[32];
	char *args[ARGS_MAX] = { "shoal-primary",
				 "--proc-type=primary",
				 file_prefix,
				 dir,
				 "--legacy-mem",
				 "--iova-mode=va",
				 "-m",
				 memory,
				 "--lcores",
				 lcores,
				 "--no-telemetry",
				 "--log-level=error" };
	unsigned count = 12;
	int ports;

	snprintf(prefix, EAL_PREFIX_BYTES, PREFIX "%d", getpid());
	snprintf(file_prefix, sizeof(file_prefix), "--file-prefix=%s", prefix);
	snprintf(dir, sizeof(dir), "--huge-dir=%s", conf->hugepage_dir);
	snprintf(memory, sizeof(memory), "%zu", (bytes + PAGE - 1) / PAGE * 2);
	if (conf->primary_cpu >= 0)
		snprintf(lcores, sizeof(lcores), "0@%d", conf->primary_cpu);
	else
		snprintf(lcores, sizeof(lcores), "0@(0-%ld)", sysconf(_SC_NPROCESSORS_ONLN) - 1);
	if (!has_pci(conf))
		args[count++] = "--no-pci";
	ports = nic_eal_args(conf, args + count, ARGS_MAX - count);
	if (ports < 0)
		return ports;
	setenv("RUNTIME_DIRECTORY", conf->run_dir, 1); // where the EAL keeps its files; the nursery says the same
	if (rte_eal_init((int)count + ports, args) < 0) {
		log_error("eal.init", "EAL: %s", rte_strerror(rte_errno));
		return -EIO;
	}
	return 0;
}

void eal_close(const struct conf *conf)
{
	rte_eal_cleanup();
	files_clear(conf, getpid());
}
