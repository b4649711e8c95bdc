// notify.h - tells the service manager and the log that this process is ready, stopping, or what it waits for.
#pragma once

// sd_notify(3) protocol: sends to $NOTIFY_SOCKET if it is set, and logs. text: one line for people, e.g. "serving".
void notify_ready(const char *text);
void notify_status(const char *text); // equal text in a row is said once

// All that it can do now is wait for another process: a service manager that starts that one next may go on. Once, as above.
void notify_waiting(const char *text);

void notify_stopping(void);
