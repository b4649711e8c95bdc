// starts.h - how long a process that is shot again and again takes to serve again, of the first starts and of the last: what came
// before must not make them longer and longer. One thread.
#pragma once

void starts_note(unsigned ms); // from its fork to its first answer; 0: it was not waited for, and does not count
void starts_tell(void);        // prints both
