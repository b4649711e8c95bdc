// bank.c - makes and maps banks. No state: descriptors and memory belong to the caller.
#include "shared/plane/bank.h"
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#ifndef MFD_HUGE_2MB
#define MFD_HUGE_2MB (21u << 26)
#endif

// Mapped once, its pages are promised to the file for good: one that is missing is an error here, not a SIGBUS of whoever touches
// it first. They are taken and zeroed by who maps them to use them: that takes a while.
static int bank_reserve(int fd, uint64_t bytes)
{
	void *at;

	if (bytes > INT64_MAX || ftruncate(fd, (off_t)bytes))
		return -ENOMEM;
	at = mmap(NULL, (size_t)bytes, PROT_READ, MAP_SHARED, fd, 0);
	if (at == MAP_FAILED)
		return -errno;
	munmap(at, (size_t)bytes);
	return 0;
}

int bank_make(const char *name, uint64_t bytes)
{
	int fd = memfd_create(name, MFD_CLOEXEC | MFD_HUGETLB | MFD_HUGE_2MB), error;

	if (fd < 0)
		return -errno;
	error = bank_reserve(fd, bytes);
	if (!error)
		return fd;
	close(fd);
	return error;
}

uint64_t bank_bytes(const struct region_shape *shape)
{
	return (SHARDS * region_stride(shape) + PLANE_PAGE - 1) & ~(uint64_t)(PLANE_PAGE - 1);
}

// All of it, if it is `bytes` or more; or null with errno.
static void *map_whole(int fd, uint64_t bytes)
{
	struct stat stat;
	void *at;

	if (fstat(fd, &stat))
		return NULL;
	if ((uint64_t)stat.st_size < bytes) {
		errno = EOVERFLOW;
		return NULL;
	}
	at = mmap(NULL, (size_t)stat.st_size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd, 0);
	return at == MAP_FAILED ? NULL : at;
}

int bank_map(struct plane_view *view, int bank, int image)
{
	const struct region_shape *shape = &view->plane->shape;
	void *shards = map_whole(bank, bank_bytes(shape));

	if (!shards)
		return -errno;
	view->image = map_whole(image, image_bytes(shape->slots, shape->rates, shape->sheet));
	if (!view->image)
		return -errno;
	for (unsigned s = 0; s < SHARDS; s++)
		view->shards[s] = region_at(shards, shape, s);
	return 0;
}
