// nest_stand.h - a brood with a played nursery at its door.
#pragma once
#include <sys/types.h>
#include "primary/brood/brood.h"

#define SECOND 1000000000ull

extern char dir[];
extern struct plane plane;
extern struct plane_view view;
extern struct seat_worker_page *pages;
extern struct seat_courier_page *couriers;
extern struct post orders;
extern struct journal journal;
extern struct brood *brood;
extern uint64_t now;
extern struct banks banks;

// Once, for all tests of a program: the folder of the door.
int group_setup(void **state);
int group_teardown(void **state);

int setup(void **state);
int teardown(void **state);

int dial(void);
void say(int fd, uint32_t verb, uint32_t seat, int32_t pid);
void greet(int fd, const char *build, const char *lines, int32_t pid); // HELLO

// Lets the brood work until it has nothing more to say to us; what it says. 0 = nothing, UINT32_MAX = it hung up.
uint32_t hear(int fd, struct nest_word *word);

int bank_with(const char *lines); // the bank of these lines, -1 = there is none

void bank_offer(const char *lines); // a bank that needs no hugepages, if there is none of these lines

// A nursery that has come as far as READY.
int nursery_of(const char *build, const char *lines, int32_t pid);
int nursery(void);

pid_t fork_idle(void);                 // a child that waits to be killed
pid_t fork_for(int fd, unsigned seat); // what a nursery does on START
struct post_word order(void);          // the next one for the loop
void ends(pid_t pid, unsigned seat);   // kills the worker of this seat and sees the brood notice

// A worker of this seat, asked for at this nursery.
pid_t worker(int fd, unsigned seat);
