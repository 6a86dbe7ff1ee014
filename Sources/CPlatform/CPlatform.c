#define _GNU_SOURCE
#include "CPlatform.h"

#include <errno.h>
#include <limits.h>
#include <malloc.h>
#include <pthread.h>
#include <sched.h>
#include <sys/eventfd.h>

int platform_set_thread_name(const char *name) {
    return pthread_setname_np(pthread_self(), name);
}

int platform_event_create(void) {
    return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
}

int platform_event_signal(int descriptor) {
    // EAGAIN: the counter is at its maximum, so the descriptor is readable as asked.
    return eventfd_write(descriptor, 1) == 0 || errno == EAGAIN ? 0 : -1;
}

int platform_event_drain(int descriptor) {
    eventfd_t count;
    // EAGAIN: the counter is zero already.
    return eventfd_read(descriptor, &count) == 0 || errno == EAGAIN ? 0 : -1;
}

int platform_run_in_background(void) {
    const struct sched_param parameters = {0};
    return sched_setscheduler(0, SCHED_BATCH, &parameters);
}

void platform_keep_free_memory(void) {
    mallopt(M_ARENA_MAX, 1);
    mallopt(M_MMAP_MAX, 0);
    mallopt(M_TRIM_THRESHOLD, INT_MAX);
}

void platform_return_free_memory(void) {
    malloc_trim(0);
}
