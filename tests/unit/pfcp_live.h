// pfcp_live.h - one session from the side of its CP function: requests are written into `words`, read, applied to its rules and translated.
#pragma once
#include "ctrl/pfcp/rules/translate.h"
#include "tests/unit/pfcp_words.h"

extern struct pfcp_tree tree;
extern struct rules rules;
extern struct translation to;
extern struct rules_fault fault;
extern struct words words;
extern struct translate_given given;

void live_begin(void); // an establishment
int live_establish(void);
// The session lives: what its rules were given is what was translated. A modification begins.
void live_on(void);
int live_modify(void);
unsigned live_rule(uint16_t pdr); // its place in `to`
