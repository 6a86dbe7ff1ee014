// What Swift's Glibc module does not show: names of threads, event descriptors, and what the allocator keeps.
#ifndef CPLATFORM_H
#define CPLATFORM_H

/// Names the calling thread, for `ps`, `top` and debuggers.
///
/// `name` holds at most 15 bytes before its terminating zero. Returns 0 or an error number.
int platform_set_thread_name(const char *name);

/// Creates an event descriptor that never blocks and is closed on `exec`.
///
/// Returns the descriptor, or -1 with `errno` set.
int platform_event_create(void);

/// Makes an event descriptor readable. Never blocks.
///
/// Returns 0, also where the descriptor was readable already, or -1 with `errno` set.
int platform_event_signal(int descriptor);

/// Makes an event descriptor unreadable until its next signal. Never blocks.
///
/// Returns 0, also where no signal was waiting, or -1 with `errno` set.
int platform_event_drain(int descriptor);

/// Asks the system to take the calling thread, and those that it starts from now on, for ones that compute in the
/// background: nothing that runs has to make room when they wake up.
///
/// Returns 0, or -1 with `errno` set.
int platform_run_in_background(void);

/// Has the allocator serve blocks of every size and all threads from one heap, and keep what is freed.
void platform_keep_free_memory(void);

/// Gives the pages that the allocator keeps and nobody uses back to the system.
void platform_return_free_memory(void);

#endif
