/*
 * livecka.h - shows a training run's activations to the LiveCKA daemon, from C99 and C++, over libzmq (4.3 or later).
 *
 * USE
 *
 *     In exactly one source file:
 *
 *         #define LIVECKA_IMPLEMENTATION
 *         #include "livecka.h"
 *
 *     and #include "livecka.h" alone elsewhere. Link with -lzmq. Nothing else is needed.
 *
 *         livecka_options options = livecka_defaults("my-run");
 *         livecka *monitor = livecka_open(&options);
 *
 *         for (step = 1; step <= steps; step++) {
 *             train(...);
 *             if (step % 100 == 0 && livecka_is_subscribed(monitor)) {   // nobody listens: nothing is computed
 *                 livecka_tensor layers[2];
 *                 livecka_batch batch;
 *                 forward(probe, ...);
 *                 layers[0] = livecka_activations("hidden1", LIVECKA_F32, h1, n, 128);
 *                 layers[1] = livecka_activations("hidden2", LIVECKA_F32, h2, n, 128);
 *                 batch = livecka_batch_of(step, layers, 2);
 *                 livecka_send(monitor, &batch);
 *             }
 *         }
 *         livecka_close(monitor, LIVECKA_FINISHED);
 *
 *     example.c, beside this file, is a whole program.
 *
 * WHAT IT PROMISES
 *
 *     It never waits. Messages are handed to libzmq without blocking; libzmq's own thread writes them. Two calls take
 *     time, both bounded: livecka_wait_for_subscriber as long as you say, livecka_close a second at most.
 *
 *     It never ends the program. Wrong arguments, no memory and a full queue are return values, said once of each kind
 *     (`options.log`, by default a line on stderr) and counted. Every function takes NULL for a monitor and does nothing:
 *     what livecka_open returns need not be checked. (libzmq itself aborts where the system has no memory left at all.)
 *
 *     Nobody subscribed: nothing is copied, sent or numbered, and livecka_is_subscribed tells, so that nothing need be
 *     computed either. It costs a fraction of a microsecond: ask at every step.
 *
 *     Memory is bounded: a batch that would make more than `queue_bytes` wait for a slow daemon is dropped before
 *     anything of it is copied, and counted. The daemon is told how many were, so its account of the run is exact:
 *     attempted == sent + dropped, at every moment. Handed to libzmq counts as sent.
 *
 *     With LIVECKA_DISABLE=1 in the environment livecka_open returns NULL and opens nothing.
 *
 * THREADS AND PROCESSES
 *
 *     A monitor belongs to one thread at a time; monitors are independent of each other. Two threads may share one if a
 *     lock of yours makes their calls take turns. There is no thread of its own that would send `alive` for you: calling
 *     any function now and then is what shows the daemon that the run lives, so call livecka_is_subscribed or
 *     livecka_progress at every step. `release` functions of your own are called from libzmq's thread.
 *     After fork() the child's copy of a monitor does nothing.
 *
 * COMPILE-TIME OPTIONS
 *
 *     LIVECKA_STATIC          everything static, for use in a single source file
 *     LIVECKA_MESSAGE_LIMIT   bytes of one message; larger batches travel in parts. Default 1 GiB, what daemons take
 *
 * Licensed under the Apache License 2.0.
 */
#ifndef LIVECKA_H
#define LIVECKA_H

#include <stddef.h>
#include <stdint.h>

#if defined(LIVECKA_STATIC) && defined(__GNUC__)
#define LIVECKA_API __attribute__((unused)) static
#elif defined(LIVECKA_STATIC)
#define LIVECKA_API static
#else
#define LIVECKA_API extern
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* One run's emitter. */
typedef struct livecka livecka;

typedef enum { LIVECKA_F16, LIVECKA_BF16, LIVECKA_F32, LIVECKA_F64 } livecka_dtype;

/* What a tensor holds: activations, examples along the first axis; or a Gram matrix, the inner products of
 * mean-subtracted features, as n x n or as its upper triangle, row by row, of n(n+1)/2. */
typedef enum { LIVECKA_ACTIVATIONS, LIVECKA_GRAM, LIVECKA_GRAM_PACKED } livecka_kind;

/* Why a run ends. */
typedef enum { LIVECKA_FINISHED, LIVECKA_FAILED, LIVECKA_INTERRUPTED } livecka_reason;

/* Settings of a monitor; begin with livecka_defaults and change what you like. Texts are copied by livecka_open. */
typedef struct {
    const char *run;             /* 1 to 128 of A-Z a-z 0-9 . _ -, a letter or digit first */
    const char *endpoint;        /* the daemon's ingest socket: tcp://127.0.0.1:5571 */
    int bind;                    /* 1: bind the endpoint instead, for `livecka attach` */
    size_t queue_bytes;          /* what may wait for a slow daemon: 256 MiB */
    int heartbeat;               /* milliseconds between `alive` messages: 5000 */
    int64_t rank, world;         /* place in a parallel job; -1: none. By convention only rank 0 opens a monitor */
    const char *const *meta;     /* facts for the daemon to show: key, value, key, value, ..., NULL. Or NULL */
    const char *const *layers;   /* the layers' names in order, where known before the first batch; or NULL */
    size_t layer_count;
    void (*log)(const char *sentence, void *context);   /* told the first fault of each kind; NULL: stderr */
    void *log_context;
} livecka_options;

/* One layer of a batch. Make it with livecka_activations or livecka_gram. */
typedef struct {
    const char *layer;           /* its name: 1 to 256 bytes of UTF-8 without control characters, unique in the batch */
    const void *data;            /* little-endian, row-major, contiguous */
    livecka_dtype dtype;
    livecka_kind kind;
    size_t examples;             /* n, at least 4 and the same in all layers of the batch */
    size_t features;             /* p, everything behind the first axis: channels * height * width, say. Not for Grams */
    /* NULL: the data is copied before livecka_send returns. Else the data is not copied; this is called with it once,
     * from any thread, when it is no longer needed: always, whatever livecka_send returns. */
    void (*release)(void *data, void *context);
    void *release_context;
} livecka_tensor;

/* One batch: what n examples look like in every layer. Make it with livecka_batch_of, which leaves out what is optional. */
typedef struct {
    int64_t step;                        /* the optimiser step that the weights were at */
    const livecka_tensor *tensors;       /* the layers in order */
    size_t tensor_count;
    int64_t batch, batches;              /* this batch's index in its pass, and how many the pass has; -1: left out */
    const char *probe;                   /* the probe set's name; NULL: left out, as in all that follows */
    const char *phase;                   /* "train", "eval" or "checkpoint" */
    const int64_t *example_ids;          /* n numbers that name the examples, */
    const char *const *example_names;    /* or n texts that do */
    const int64_t *labels, *predictions; /* n targets, n answers of the model */
} livecka_batch;

/* Counters. attempted == sent + dropped. */
typedef struct {
    uint64_t attempted;          /* batches that somebody listened for; each has used one number */
    uint64_t sent;               /* handed to libzmq */
    uint64_t dropped;            /* given up: no room, no memory, wrong arguments */
    size_t queued_bytes;         /* handed to libzmq and not yet written */
    int subscriptions;           /* distinct subscriptions that cover the run */
} livecka_statistics;

/* The settings that a run starts with. */
LIVECKA_API livecka_options livecka_defaults(const char *run);

/* Opens a monitor. NULL where an option is wrong (said through `log`), libzmq cannot open a socket, or LIVECKA_DISABLE is
 * set; every function accepts that NULL. Nothing waits for the daemon: it may come later, go, and come again. */
LIVECKA_API livecka *livecka_open(const livecka_options *options);

/* Whether anybody listens to the run now: 1 or 0. Cheap; also takes care of greetings and of `alive`. */
LIVECKA_API int livecka_is_subscribed(livecka *monitor);

/* Waits until somebody listens, `milliseconds` at most; whether somebody does. For the first steps of short runs. */
LIVECKA_API int livecka_wait_for_subscriber(livecka *monitor, int milliseconds);

/* Activations of n examples with p features each. */
LIVECKA_API livecka_tensor livecka_activations(
    const char *layer, livecka_dtype dtype, const void *data, size_t n, size_t p);

/* The Gram matrix of n examples: n * n numbers, or with `packed` the n * (n + 1) / 2 of its upper triangle. */
LIVECKA_API livecka_tensor livecka_gram(const char *layer, livecka_dtype dtype, const void *data, size_t n, int packed);

/* A batch of these layers, without anything optional. It keeps the pointer: the tensors must live until livecka_send. */
LIVECKA_API livecka_batch livecka_batch_of(int64_t step, const livecka_tensor *tensors, size_t count);

/* Sends a batch without waiting. 1: it is on its way. 0: nobody listens. -1: given up and counted as dropped. */
LIVECKA_API int livecka_send(livecka *monitor, const livecka_batch *batch);

/* Says where training is, for `alive`; phase as in a batch, or NULL. */
LIVECKA_API void livecka_progress(livecka *monitor, int64_t step, const char *phase);

/* The counters so far. */
LIVECKA_API livecka_statistics livecka_stats(const livecka *monitor);

/* The endpoint; with `bind` the one really bound, where a port was left open ("tcp://127.0.0.1:*"). */
LIVECKA_API const char *livecka_endpoint(const livecka *monitor);

/* Says goodbye, waits up to a second for what is queued, and frees the monitor. */
LIVECKA_API void livecka_close(livecka *monitor, livecka_reason reason);

#ifdef __cplusplus
}
#endif
#endif /* LIVECKA_H */

/* ================================================================================================================== */
#if defined(LIVECKA_IMPLEMENTATION) && !defined(LIVECKA_IMPLEMENTED)
#define LIVECKA_IMPLEMENTED

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <zmq.h>

#if defined(__unix__) || defined(__APPLE__)
#include <unistd.h>
#define LIVECKA__PROCESS ((long)getpid())
#else
#define LIVECKA__PROCESS 0L
#endif

/* libzmq's thread gives bytes back while the caller's thread takes some: one counter that both may change. */
#if defined(__GNUC__) || defined(__clang__)
typedef size_t livecka__counter;
#define LIVECKA__ADD(counter, amount) ((void)__atomic_fetch_add((counter), (amount), __ATOMIC_RELAXED))
#define LIVECKA__SUBTRACT(counter, amount) ((void)__atomic_fetch_sub((counter), (amount), __ATOMIC_RELEASE))
#define LIVECKA__VALUE(counter) __atomic_load_n((counter), __ATOMIC_ACQUIRE)
#else
#error "livecka.h needs the atomic built-ins of GCC or Clang"
#endif

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "livecka.h sends data as it lies in memory, and the protocol is little-endian"
#endif

#ifndef LIVECKA_MESSAGE_LIMIT
#define LIVECKA_MESSAGE_LIMIT ((size_t)1 << 30)
#endif

#ifdef __cplusplus
extern "C" {
#endif

enum {
    LIVECKA__HEADER_LIMIT = 1 << 20,
    /* What the list of tensors may take of a header; the rest is for example ids and labels. */
    LIVECKA__DESCRIPTIONS_LIMIT = 1 << 19,
    LIVECKA__TOPIC_SIZE = 160,
    /* Messages under way at most. libzmq credits a peer's reads in steps of half the high-water mark, so with a quarter
     * of it under way the mark is never met: a batch finds room for all of its parts or is dropped before the first. */
    LIVECKA__MESSAGES = 256,
    LIVECKA__HIGH_WATER_MARK = 1024,
    LIVECKA__LINGER = 1000000   /* microseconds */
};
#define LIVECKA__LARGEST_INTEGER ((int64_t)1 << 53)

/* The kinds of faults; each is said once. */
enum { LIVECKA__WRONG = 1, LIVECKA__FULL = 2, LIVECKA__MEMORY = 4, LIVECKA__SOCKET = 8 };

struct livecka {
    void *context, *socket, *clock;
    char topic[LIVECKA__TOPIC_SIZE];
    size_t topic_length;
    char run[129], session[37], endpoint[256];
    size_t queue_bytes;
    unsigned long heartbeat, alive_at;
    int64_t rank, world, step;
    char phase[16];
    char *meta, *layers;         /* JSON, or NULL */
    long process;
    int is_hello_due, subscriptions, faults;
    /* A subscription that covers the run is a prefix of its topic, so its length says which. */
    unsigned char is_subscribed[LIVECKA__TOPIC_SIZE + 1];
    uint64_t attempted, sent, dropped;
    livecka__counter queued_bytes, queued_messages;
    void (*log)(const char *, void *);
    void *log_context;
};

/* A frame under way: what to give back when libzmq is done with it. */
typedef struct {
    livecka *owner;
    size_t bytes, messages;
    void (*release)(void *, void *);
    void *data, *release_context;
} livecka__load;

/* --- text ---------------------------------------------------------------------------------------------------------- */

typedef struct {
    char *bytes;
    size_t length, capacity;
    int has_failed;
} livecka__text;

static void livecka__append(livecka__text *text, const char *bytes, size_t count) {
    if (text->has_failed) return;
    if (text->length + count + 1 > text->capacity) {
        size_t capacity = text->capacity ? text->capacity : 1024;
        char *larger;
        while (capacity < text->length + count + 1) capacity *= 2;
        larger = (char *)realloc(text->bytes, capacity);
        if (!larger) {
            text->has_failed = 1;
            return;
        }
        text->bytes = larger;
        text->capacity = capacity;
    }
    memcpy(text->bytes + text->length, bytes, count);
    text->length += count;
    text->bytes[text->length] = '\0';
}

static void livecka__print(livecka__text *text, const char *format, ...) {
    char line[512];
    int count;
    va_list arguments;
    va_start(arguments, format);
    count = vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    if (count < 0 || (size_t)count >= sizeof line) {
        text->has_failed = 1;
        return;
    }
    livecka__append(text, line, (size_t)count);
}

/* A JSON string. What reaches it is UTF-8 (checked), so only these characters need an escape. */
static void livecka__quote(livecka__text *text, const char *value) {
    livecka__append(text, "\"", 1);
    for (; *value; value++) {
        if (*value == '"' || *value == '\\') livecka__append(text, "\\", 1);
        if ((unsigned char)*value < 0x20)
            livecka__print(text, "\\u%04x", (unsigned)(unsigned char)*value);
        else
            livecka__append(text, value, 1);
    }
    livecka__append(text, "\"", 1);
}

static void livecka__integers(livecka__text *text, const char *key, const int64_t *values, size_t count) {
    size_t i;
    if (!values) return;
    livecka__print(text, ",\"%s\":[", key);
    for (i = 0; i < count; i++) livecka__print(text, i ? ",%lld" : "%lld", (long long)values[i]);
    livecka__append(text, "]", 1);
}

/* --- checks -------------------------------------------------------------------------------------------------------- */

/* Whether the text is UTF-8: no overlong forms, no surrogates, nothing above U+10FFFF; and how long it is. */
static int livecka__is_utf8(const char *value, size_t *length, int *has_controls) {
    const unsigned char *at = (const unsigned char *)value;
    *has_controls = 0;
    while (*at) {
        uint32_t scalar;
        int more, i;
        static const uint32_t least[] = {0, 0x80, 0x800, 0x10000};
        more = *at < 0x80 ? 0 : *at < 0xe0 ? 1 : *at < 0xf0 ? 2 : 3;
        if ((*at >= 0x80 && *at < 0xc2) || *at >= 0xf5) return 0;
        scalar = more ? *at & (0x3fu >> more) : *at;
        for (i = 1; i <= more; i++) {
            if ((at[i] & 0xc0) != 0x80) return 0;
            scalar = scalar << 6 | (at[i] & 0x3fu);
        }
        if (scalar < least[more] || scalar > 0x10ffff || (scalar >= 0xd800 && scalar < 0xe000)) return 0;
        if (scalar < 0x20 || (scalar >= 0x7f && scalar < 0xa0)) *has_controls = 1;
        at += more + 1;
    }
    *length = (size_t)(at - (const unsigned char *)value);
    return 1;
}

static int livecka__is_layer(const char *name) {
    size_t length;
    int has_controls;
    return name && livecka__is_utf8(name, &length, &has_controls) && length >= 1 && length <= 256 && !has_controls;
}

static int livecka__is_text(const char *value) {
    size_t length;
    int has_controls;
    return livecka__is_utf8(value, &length, &has_controls) && length < LIVECKA__HEADER_LIMIT;
}

static int livecka__is_name(const char *name) {
    static const char *const allowed = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
    size_t length = name ? strlen(name) : 0;
    return length >= 1 && length <= 128 && strspn(name, allowed) == length && !strchr("._-", name[0]);
}

static int livecka__is_phase(const char *phase) {
    return !strcmp(phase, "train") || !strcmp(phase, "eval") || !strcmp(phase, "checkpoint");
}

static int livecka__are_integers(const int64_t *values, size_t count) {
    size_t i;
    for (i = 0; values && i < count; i++)
        if (values[i] > LIVECKA__LARGEST_INTEGER || values[i] < -LIVECKA__LARGEST_INTEGER) return 0;
    return 1;
}

static size_t livecka__element_size(livecka_dtype dtype) {
    return dtype == LIVECKA_F64 ? 8 : dtype == LIVECKA_F32 ? 4 : 2;
}

/* The bytes of a tensor, or 0 where it has no shape that can be sent in one message. */
static size_t livecka__byte_count(const livecka_tensor *tensor) {
    const size_t most = LIVECKA_MESSAGE_LIMIT / livecka__element_size(tensor->dtype);
    const size_t n = tensor->examples;
    size_t columns = tensor->kind == LIVECKA_ACTIVATIONS ? tensor->features : n;
    if (tensor->kind == LIVECKA_GRAM_PACKED) columns = n / 2 + 1;   /* enough to see that the product fits */
    if (!n || !columns || columns > most / n) return 0;
    return (tensor->kind == LIVECKA_GRAM_PACKED ? n * (n + 1) / 2 : n * columns) * livecka__element_size(tensor->dtype);
}

/* Why a batch cannot be sent, or NULL. */
static const char *livecka__objection(const livecka_batch *batch) {
    size_t i, n;
    if (!batch->tensors || !batch->tensor_count) return "a batch needs at least one layer";
    if (batch->step < 0 || batch->step > LIVECKA__LARGEST_INTEGER) return "step must be from 0 to 2^53";
    if (batch->batch > LIVECKA__LARGEST_INTEGER || batch->batches > LIVECKA__LARGEST_INTEGER)
        return "batch and batches must be from 0 to 2^53";
    n = batch->tensors[0].examples;
    if (n < 4) return "a batch needs at least 4 examples";
    for (i = 0; i < batch->tensor_count; i++) {
        const livecka_tensor *tensor = &batch->tensors[i];
        if (!livecka__is_layer(tensor->layer))
            return "a layer's name must be 1 to 256 bytes of UTF-8 without control characters";
        if (!tensor->data) return "a layer has no data";
        if (tensor->examples != n) return "all layers of a batch must have the same examples";
        if ((unsigned)tensor->dtype > LIVECKA_F64 || (unsigned)tensor->kind > LIVECKA_GRAM_PACKED)
            return "a layer has an unknown element type or kind";
        if (!livecka__byte_count(tensor)) return "a layer has no features, or takes more than a message can hold";
    }
    if (batch->probe && !livecka__is_text(batch->probe)) return "the probe set's name must be UTF-8";
    if (batch->phase && !livecka__is_phase(batch->phase)) return "phase must be train, eval or checkpoint";
    for (i = 0; batch->example_names && i < n; i++)
        if (!batch->example_names[i] || !livecka__is_text(batch->example_names[i])) return "examples' names must be UTF-8";
    if (!livecka__are_integers(batch->example_ids, n) || !livecka__are_integers(batch->labels, n)
        || !livecka__are_integers(batch->predictions, n))
        return "ids, labels and predictions must lie within 2^53";
    return NULL;
}

/* --- faults and time ----------------------------------------------------------------------------------------------- */

static void livecka__say(void (*log)(const char *, void *), void *context, const char *what, const char *why) {
    char sentence[512];
    snprintf(sentence, sizeof sentence, "LiveCKA could not %s: %s. Training goes on; more of this kind is only counted.",
             what, why);
    if (log)
        log(sentence, context);
    else
        fprintf(stderr, "%s\n", sentence);
}

static void livecka__fault(livecka *monitor, int kind, const char *what, const char *why) {
    if (monitor->faults & kind) return;
    monitor->faults |= kind;
    livecka__say(monitor->log, monitor->log_context, what, why);
}

/* Microseconds since the monitor was opened. Where a long is short it wraps around, which differences do not mind. */
static unsigned long livecka__now(const livecka *monitor) { return zmq_stopwatch_intermediate(monitor->clock); }

/* A random UUID (version 4), as text. */
static void livecka__make_session(char *text, const void *salt) {
    static const char digits[] = "0123456789abcdef";
    unsigned char bytes[16];
    size_t got = 0, i;
    FILE *random = fopen("/dev/urandom", "rb");
    if (random) {
        got = fread(bytes, 1, sizeof bytes, random);
        fclose(random);
    }
    if (got < sizeof bytes) {   /* no such device: time, process and addresses, well mixed */
        uint64_t state = (uint64_t)time(NULL) * 0x9e3779b97f4a7c15u ^ (uint64_t)clock() << 32
            ^ (uint64_t)LIVECKA__PROCESS << 16 ^ (uint64_t)(uintptr_t)salt;
        for (i = 0; i < sizeof bytes; i++) {
            state = (state ^ state >> 30) * 0xbf58476d1ce4e5b9u;
            state = (state ^ state >> 27) * 0x94d049bb133111ebu;
            bytes[i] = (unsigned char)(state >> 56);
        }
    }
    bytes[6] = (unsigned char)((bytes[6] & 0x0f) | 0x40);
    bytes[8] = (unsigned char)((bytes[8] & 0x3f) | 0x80);
    for (i = 0; i < sizeof bytes; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10) *text++ = '-';
        *text++ = digits[bytes[i] >> 4];
        *text++ = digits[bytes[i] & 15];
    }
    *text = '\0';
}

/* --- frames -------------------------------------------------------------------------------------------------------- */

/* Called by libzmq, in its thread, when a frame has been written or given up. */
static void livecka__unload(void *data, void *hint) {
    livecka__load *load = (livecka__load *)hint;
    livecka *owner = load->owner;
    const size_t bytes = load->bytes, messages = load->messages;
    (void)data;
    if (load->release) load->release(load->data, load->release_context);
    free(load);
    LIVECKA__SUBTRACT(&owner->queued_messages, messages);
    LIVECKA__SUBTRACT(&owner->queued_bytes, bytes);
}

/* Makes a frame of a copy of `data`, or of the data itself where it comes with a release function. */
static int livecka__load_frame(
    livecka *monitor, zmq_msg_t *frame, const void *data, size_t size, size_t messages,
    void (*release)(void *, void *), void *release_context) {
    livecka__load *load = (livecka__load *)malloc(sizeof(livecka__load) + (release ? 0 : size));
    void *content;
    if (!load) return -1;
    load->owner = monitor;
    load->bytes = size;
    load->messages = messages;
    load->release = release;
    load->release_context = release_context;
    if (release) {
        memcpy(&load->data, &data, sizeof data);   /* the owner gave it away: no longer const */
        content = load->data;
    } else {
        content = load->data = load + 1;
        memcpy(content, data, size);
    }
    if (zmq_msg_init_data(frame, content, size, livecka__unload, load) != 0) {
        free(load);
        return -1;
    }
    LIVECKA__ADD(&monitor->queued_bytes, size);
    LIVECKA__ADD(&monitor->queued_messages, messages);
    return 0;
}

/* Sends the topic and `count` frames, which libzmq owns afterwards. 0, or -1 with nothing sent or the rest given up. */
static int livecka__send_frames(livecka *monitor, zmq_msg_t *frames, size_t count) {
    size_t i;
    if (zmq_send(monitor->socket, monitor->topic, monitor->topic_length, ZMQ_DONTWAIT | ZMQ_SNDMORE) < 0) return -1;
    for (i = 0; i < count; i++)
        if (zmq_msg_send(&frames[i], monitor->socket, ZMQ_DONTWAIT | (i + 1 < count ? ZMQ_SNDMORE : 0)) < 0) return -1;
    return 0;
}

/* Sends a message without tensors; the text is freed. */
static int livecka__send_text(livecka *monitor, livecka__text *text) {
    int status = -1;
    if (!text->has_failed
        && zmq_send(monitor->socket, monitor->topic, monitor->topic_length, ZMQ_DONTWAIT | ZMQ_SNDMORE) >= 0)
        status = zmq_send(monitor->socket, text->bytes, text->length, ZMQ_DONTWAIT) < 0 ? -1 : 0;
    free(text->bytes);
    return status;
}

/* --- greetings ----------------------------------------------------------------------------------------------------- */

static void livecka__begin(const livecka *monitor, livecka__text *text, const char *type) {
    livecka__print(text, "{\"v\":1,\"type\":\"%s\",\"run\":\"%s\",\"session\":\"%s\",\"time\":%lld", type, monitor->run,
                   monitor->session, (long long)time(NULL));
}

static int livecka__say_hello(livecka *monitor) {
    livecka__text text = {NULL, 0, 0, 0};
    livecka__begin(monitor, &text, "hello");
    livecka__print(&text, ",\"client\":\"livecka-c/0.1.0\",\"heartbeat\":%lu.%03lu", monitor->heartbeat / 1000000,
                   monitor->heartbeat / 1000 % 1000);
    if (monitor->layers) {
        livecka__print(&text, ",\"layers\":");
        livecka__append(&text, monitor->layers, strlen(monitor->layers));
    }
    if (monitor->meta) {
        livecka__print(&text, ",\"meta\":");
        livecka__append(&text, monitor->meta, strlen(monitor->meta));
    }
    livecka__append(&text, "}", 1);
    return livecka__send_text(monitor, &text);
}

static int livecka__say_alive(livecka *monitor) {
    livecka__text text = {NULL, 0, 0, 0};
    livecka__begin(monitor, &text, "alive");
    livecka__print(&text, ",\"step\":%lld,\"seq\":%llu,\"dropped\":%llu", (long long)monitor->step,
                   (unsigned long long)monitor->attempted, (unsigned long long)monitor->dropped);
    if (monitor->phase[0]) livecka__print(&text, ",\"phase\":\"%s\"", monitor->phase);
    livecka__append(&text, "}", 1);
    return livecka__send_text(monitor, &text);
}

static int livecka__say_bye(livecka *monitor, livecka_reason reason) {
    livecka__text text = {NULL, 0, 0, 0};
    livecka__begin(monitor, &text, "bye");
    livecka__print(&text, ",\"seq\":%llu,\"sent\":%llu,\"dropped\":%llu,\"reason\":\"%s\"}",
                   (unsigned long long)monitor->attempted, (unsigned long long)monitor->sent,
                   (unsigned long long)monitor->dropped,
                   reason == LIVECKA_FAILED ? "failed" : reason == LIVECKA_INTERRUPTED ? "interrupted" : "finished");
    return livecka__send_text(monitor, &text);
}

/* Takes in the subscriptions that have come. A peer that floods the socket is attended to a little at each call. */
static void livecka__receive_subscriptions(livecka *monitor) {
    int rest = 64;
    while (rest--) {
        const unsigned char *bytes;
        zmq_msg_t message;
        size_t length;
        zmq_msg_init(&message);
        if (zmq_msg_recv(&message, monitor->socket, ZMQ_DONTWAIT) < 0) {
            zmq_msg_close(&message);
            return;
        }
        bytes = (const unsigned char *)zmq_msg_data(&message);
        length = zmq_msg_size(&message);
        if (length >= 1 && length - 1 <= monitor->topic_length && bytes[0] <= 1
            && !memcmp(bytes + 1, monitor->topic, length - 1)) {
            unsigned char *is_subscribed = &monitor->is_subscribed[length - 1];
            monitor->subscriptions += (int)bytes[0] - (int)*is_subscribed;
            *is_subscribed = bytes[0];
            if (bytes[0]) monitor->is_hello_due = 1;
        }
        zmq_msg_close(&message);
    }
}

/* What is due beside batches; whether the monitor can be used at all. */
static int livecka__attend(livecka *monitor) {
    if (!monitor || monitor->process != LIVECKA__PROCESS) return 0;
    livecka__receive_subscriptions(monitor);
    if (!monitor->subscriptions) return 1;
    if (monitor->is_hello_due && livecka__say_hello(monitor) == 0) {
        monitor->is_hello_due = 0;
        monitor->alive_at = livecka__now(monitor) + monitor->heartbeat;
    }
    if ((long)(livecka__now(monitor) - monitor->alive_at) >= 0) {
        monitor->alive_at = livecka__now(monitor) + monitor->heartbeat;
        if (LIVECKA__VALUE(&monitor->queued_messages) < LIVECKA__MESSAGES) livecka__say_alive(monitor);
    }
    return 1;
}

/* --- batches ------------------------------------------------------------------------------------------------------- */

/* Where the message ends that begins with layer `first`: the first layer that no longer belongs to it. */
static size_t livecka__part_end(const livecka_batch *batch, size_t first) {
    size_t bytes = 0, descriptions = 0, i;
    for (i = first; i < batch->tensor_count; i++) {
        bytes += livecka__byte_count(&batch->tensors[i]);
        descriptions += 2 * strlen(batch->tensors[i].layer) + 160;
        if (i > first && (bytes > LIVECKA_MESSAGE_LIMIT || descriptions > LIVECKA__DESCRIPTIONS_LIMIT)) return i;
    }
    return i;
}

static void livecka__describe(livecka__text *text, const livecka_tensor *tensor, size_t index) {
    static const char *const dtypes[] = {"F16", "BF16", "F32", "F64"};
    const unsigned long long n = tensor->examples;
    livecka__print(text, "{\"layer\":");
    livecka__quote(text, tensor->layer);
    livecka__print(text, ",\"index\":%llu,\"dtype\":\"%s\"", (unsigned long long)index, dtypes[tensor->dtype]);
    if (tensor->kind == LIVECKA_ACTIVATIONS)
        livecka__print(text, ",\"shape\":[%llu,%llu]}", n, (unsigned long long)tensor->features);
    else if (tensor->kind == LIVECKA_GRAM)
        livecka__print(text, ",\"kind\":\"gram\",\"shape\":[%llu,%llu]}", n, n);
    else
        livecka__print(text, ",\"kind\":\"gram\",\"packed\":true,\"shape\":[%llu]}", n * (n + 1) / 2);
}

static void livecka__write_header(
    const livecka *monitor, livecka__text *text, const livecka_batch *batch, uint64_t seq, size_t first, size_t end,
    size_t part, size_t parts) {
    size_t i;
    livecka__begin(monitor, text, "batch");
    livecka__print(text, ",\"step\":%lld,\"seq\":%llu,\"dropped\":%llu", (long long)batch->step, (unsigned long long)seq,
                   (unsigned long long)monitor->dropped);
    if (batch->batch >= 0) livecka__print(text, ",\"batch\":%lld", (long long)batch->batch);
    if (batch->batches >= 0) livecka__print(text, ",\"batches\":%lld", (long long)batch->batches);
    if (monitor->rank >= 0) livecka__print(text, ",\"rank\":%lld", (long long)monitor->rank);
    if (monitor->world >= 0) livecka__print(text, ",\"world\":%lld", (long long)monitor->world);
    if (batch->probe) {
        livecka__print(text, ",\"probe\":");
        livecka__quote(text, batch->probe);
    }
    if (batch->phase) livecka__print(text, ",\"phase\":\"%s\"", batch->phase);
    if (parts > 1)
        livecka__print(text, ",\"layers\":%llu,\"part\":%llu,\"parts\":%llu", (unsigned long long)batch->tensor_count,
                       (unsigned long long)part, (unsigned long long)parts);
    livecka__print(text, ",\"tensors\":[");
    for (i = first; i < end; i++) {
        if (i > first) livecka__append(text, ",", 1);
        livecka__describe(text, &batch->tensors[i], i);
    }
    livecka__append(text, "]", 1);
    if (batch->example_names) {
        livecka__print(text, ",\"examples\":[");
        for (i = 0; i < batch->tensors[0].examples; i++) {
            if (i) livecka__append(text, ",", 1);
            livecka__quote(text, batch->example_names[i]);
        }
        livecka__append(text, "]", 1);
    } else {
        livecka__integers(text, "examples", batch->example_ids, batch->tensors[0].examples);
    }
    livecka__integers(text, "labels", batch->labels, batch->tensors[0].examples);
    livecka__integers(text, "predictions", batch->predictions, batch->tensors[0].examples);
    livecka__append(text, "}", 1);
}

/* Makes all frames of one message: the header, then layers `first` to `end`. How many frames were made; fewer than
 * 1 + end - first where there was no memory, or the header is too long (`*objection` says so). */
static size_t livecka__make_message(
    livecka *monitor, zmq_msg_t *frames, const livecka_batch *batch, uint64_t seq, size_t first, size_t end, size_t part,
    size_t parts, const char **objection) {
    livecka__text text = {NULL, 0, 0, 0};
    size_t made = 0, i;
    livecka__write_header(monitor, &text, batch, seq, first, end, part, parts);
    if (!text.has_failed && text.length > LIVECKA__HEADER_LIMIT) {
        *objection = "the header takes over 1 MiB; send fewer or shorter example names";
    } else if (!text.has_failed && livecka__load_frame(monitor, &frames[0], text.bytes, text.length, 1, NULL, NULL) == 0) {
        for (made = 1, i = first; i < end; i++, made++) {
            const livecka_tensor *tensor = &batch->tensors[i];
            if (livecka__load_frame(monitor, &frames[made], tensor->data, livecka__byte_count(tensor), 0, tensor->release,
                                    tensor->release_context) != 0)
                break;
        }
    }
    free(text.bytes);
    return made;
}

static void livecka__release(const livecka_batch *batch, size_t first) {
    size_t i;
    for (i = first; batch && batch->tensors && i < batch->tensor_count; i++) {
        const livecka_tensor *tensor = &batch->tensors[i];
        void *data;
        memcpy(&data, &tensor->data, sizeof data);
        if (tensor->release) tensor->release(data, tensor->release_context);
    }
}

static int livecka__drop(livecka *monitor, int kind, const char *why) {
    monitor->dropped++;
    livecka__fault(monitor, kind, "send a batch", why);
    return -1;
}

/* Makes every frame before the first is sent, so that a batch goes out whole or not at all. */
static int livecka__send_whole(livecka *monitor, const livecka_batch *batch, uint64_t seq, size_t parts) {
    const size_t room = batch->tensor_count + parts;
    zmq_msg_t *frames = (zmq_msg_t *)malloc(room * sizeof(zmq_msg_t));
    const char *objection = NULL;
    size_t first = 0, made = 0, part = 0, sent = 0, i;
    int has_failed = !frames, error = 0;
    while (!has_failed && first < batch->tensor_count) {
        const size_t end = livecka__part_end(batch, first);
        const size_t count =
            livecka__make_message(monitor, frames + made, batch, seq, first, end, part++, parts, &objection);
        made += count;
        has_failed = count != 1 + end - first;
        if (!has_failed) first = end;
        else if (count) first += count - 1; /* these layers belong to their frames now */
    }
    if (has_failed) {
        for (i = 0; i < made; i++) zmq_msg_close(&frames[i]);
        livecka__release(batch, first);
        free(frames);
        return objection ? livecka__drop(monitor, LIVECKA__WRONG, objection)
                         : livecka__drop(monitor, LIVECKA__MEMORY, "there is no memory for a copy of the layers");
    }
    for (first = 0, part = 0; part < parts; part++) {
        const size_t end = livecka__part_end(batch, first), count = 1 + end - first;
        if (livecka__send_frames(monitor, frames + sent, count) != 0) {
            error = errno;
            break;
        }
        sent += count;
        first = end;
    }
    /* Frames that were sent are empty now; closing the others releases what they hold. */
    for (i = 0; i < made; i++) zmq_msg_close(&frames[i]);
    free(frames);
    if (!sent)
        return livecka__drop(monitor, error == EAGAIN ? LIVECKA__FULL : LIVECKA__SOCKET,
                             error == EAGAIN ? "the daemon takes them too slowly" : zmq_strerror(error));
    /* With a part on its way the batch is the daemon's to decide about. */
    monitor->sent++;
    return 1;
}

LIVECKA_API int livecka_send(livecka *monitor, const livecka_batch *batch) {
    const char *objection;
    size_t parts = 0, bytes = 0, first, i, queued;
    uint64_t seq;
    if (!batch || !livecka__attend(monitor) || !monitor->subscriptions) {
        livecka__release(batch, 0);
        return 0;
    }
    seq = monitor->attempted++;
    objection = livecka__objection(batch);
    if (objection) {
        livecka__release(batch, 0);
        return livecka__drop(monitor, LIVECKA__WRONG, objection);
    }
    monitor->step = batch->step;
    for (i = 0; i < batch->tensor_count; i++) bytes += livecka__byte_count(&batch->tensors[i]);
    for (first = 0; first < batch->tensor_count; parts++) first = livecka__part_end(batch, first);
    queued = LIVECKA__VALUE(&monitor->queued_bytes);
    if (bytes > monitor->queue_bytes || queued > monitor->queue_bytes - bytes
        || LIVECKA__VALUE(&monitor->queued_messages) + parts > LIVECKA__MESSAGES) {
        livecka__release(batch, 0);
        return livecka__drop(monitor, LIVECKA__FULL,
                             bytes > monitor->queue_bytes ? "it takes more than queue_bytes"
                                                          : "the daemon takes them too slowly");
    }
    return livecka__send_whole(monitor, batch, seq, parts);
}

/* --- a monitor's life ---------------------------------------------------------------------------------------------- */

LIVECKA_API livecka_options livecka_defaults(const char *run) {
    livecka_options options;
    memset(&options, 0, sizeof options);
    options.run = run;
    options.endpoint = "tcp://127.0.0.1:5571";
    options.queue_bytes = (size_t)256 << 20;
    options.heartbeat = 5000;
    options.rank = options.world = -1;
    return options;
}

static const char *livecka__objection_to_options(const livecka_options *options) {
    const char *const *fact;
    size_t i;
    if (!livecka__is_name(options->run))
        return "the run's name must be 1 to 128 of A-Z a-z 0-9 . _ -, a letter or digit first";
    if (!options->endpoint || !*options->endpoint || strlen(options->endpoint) > 255) return "it needs an endpoint";
    if (options->heartbeat <= 0) return "heartbeat must be a number of milliseconds";
    if (options->rank > LIVECKA__LARGEST_INTEGER || options->world > LIVECKA__LARGEST_INTEGER)
        return "rank and world must be from 0 to 2^53";
    for (i = 0; options->layers && i < options->layer_count; i++)
        if (!livecka__is_layer(options->layers[i]))
            return "a layer's name must be 1 to 256 bytes of UTF-8 without control characters";
    for (fact = options->meta; fact && fact[0]; fact += 2)
        if (!fact[1] || !livecka__is_text(fact[0]) || !livecka__is_text(fact[1])) return "meta must be pairs of UTF-8";
    return NULL;
}

/* The texts of `hello`; what does not fit into a header is left out of it. */
static void livecka__prepare_greeting(livecka *monitor, const livecka_options *options) {
    livecka__text layers = {NULL, 0, 0, 0}, meta = {NULL, 0, 0, 0};
    const char *const *fact;
    size_t i;
    for (i = 0; options->layers && i < options->layer_count; i++) {
        livecka__append(&layers, i ? "," : "[", 1);
        livecka__quote(&layers, options->layers[i]);
    }
    if (layers.length) livecka__append(&layers, "]", 1);
    for (fact = options->meta; fact && fact[0]; fact += 2) {
        livecka__append(&meta, fact == options->meta ? "{" : ",", 1);
        livecka__quote(&meta, fact[0]);
        livecka__append(&meta, ":", 1);
        livecka__quote(&meta, fact[1]);
    }
    if (meta.length) livecka__append(&meta, "}", 1);
    if (layers.has_failed || layers.length > LIVECKA__DESCRIPTIONS_LIMIT) free(layers.bytes), layers.bytes = NULL;
    if (meta.has_failed || meta.length > LIVECKA__DESCRIPTIONS_LIMIT / 2) free(meta.bytes), meta.bytes = NULL;
    monitor->layers = layers.bytes;
    monitor->meta = meta.bytes;
}

static int livecka__open_socket(livecka *monitor, const livecka_options *options) {
    const int on = 1, off = 0, mark = LIVECKA__HIGH_WATER_MARK, soon = 100, later = 1000, interval = 10000, patience = 30000;
    const int64_t largest = 1 << 16;
    size_t size = sizeof monitor->endpoint;
    monitor->context = zmq_ctx_new();
    if (!monitor->context) return -1;
    monitor->socket = zmq_socket(monitor->context, ZMQ_XPUB);
    if (!monitor->socket) return -1;
    /* A full queue is an error that is counted, never a silent loss. */
    if (zmq_setsockopt(monitor->socket, ZMQ_XPUB_NODROP, &on, sizeof on) != 0
        /* Every listener that comes is seen and greeted, also the second with the same subscription. */
        || zmq_setsockopt(monitor->socket, ZMQ_XPUB_VERBOSE, &on, sizeof on) != 0
        /* A listener that went away is forgotten at once: nothing is computed or kept for it. */
        || zmq_setsockopt(monitor->socket, ZMQ_IMMEDIATE, &on, sizeof on) != 0
        || zmq_setsockopt(monitor->socket, ZMQ_SNDHWM, &mark, sizeof mark) != 0
        || zmq_setsockopt(monitor->socket, ZMQ_RECONNECT_IVL, &soon, sizeof soon) != 0
        || zmq_setsockopt(monitor->socket, ZMQ_RECONNECT_IVL_MAX, &later, sizeof later) != 0
        || zmq_setsockopt(monitor->socket, ZMQ_HEARTBEAT_IVL, &interval, sizeof interval) != 0
        || zmq_setsockopt(monitor->socket, ZMQ_HEARTBEAT_TIMEOUT, &patience, sizeof patience) != 0
        || zmq_setsockopt(monitor->socket, ZMQ_MAXMSGSIZE, &largest, sizeof largest) != 0
        || zmq_setsockopt(monitor->socket, ZMQ_LINGER, &off, sizeof off) != 0)
        return -1;
    if (!options->bind) return zmq_connect(monitor->socket, monitor->endpoint);
    if (zmq_bind(monitor->socket, monitor->endpoint) != 0) return -1;
    return zmq_getsockopt(monitor->socket, ZMQ_LAST_ENDPOINT, monitor->endpoint, &size);
}

/* Ends what is open and frees the monitor. */
static void livecka__destroy(livecka *monitor) {
    int status = 0, tries = 100;
    if (monitor->socket) zmq_close(monitor->socket);
    if (monitor->context)
        while ((status = zmq_ctx_term(monitor->context)) != 0 && errno == EINTR && tries--) continue;
    if (status != 0) return;   /* libzmq's thread may still give frames back: better leaked than torn down */
    if (monitor->clock) zmq_stopwatch_stop(monitor->clock);
    free(monitor->layers);
    free(monitor->meta);
    free(monitor);
}

LIVECKA_API livecka *livecka_open(const livecka_options *options) {
    const char *disabled = getenv("LIVECKA_DISABLE"), *objection;
    livecka *monitor;
    if (!options || (disabled && *disabled && strcmp(disabled, "0") != 0)) return NULL;
    objection = livecka__objection_to_options(options);
    monitor = objection ? NULL : (livecka *)calloc(1, sizeof(livecka));
    if (!monitor) {
        livecka__say(options->log, options->log_context, "open a monitor", objection ? objection : "there is no memory");
        return NULL;
    }
    monitor->log = options->log;
    monitor->log_context = options->log_context;
    monitor->process = LIVECKA__PROCESS;
    monitor->queue_bytes = options->queue_bytes;
    monitor->heartbeat = (unsigned long)options->heartbeat * 1000;
    monitor->rank = options->rank;
    monitor->world = options->world;
    strcpy(monitor->run, options->run);
    strcpy(monitor->endpoint, options->endpoint);
    monitor->topic_length = (size_t)snprintf(monitor->topic, sizeof monitor->topic, "livecka/1/%s/", options->run);
    livecka__make_session(monitor->session, monitor);
    livecka__prepare_greeting(monitor, options);
    monitor->clock = zmq_stopwatch_start();
    if (!monitor->clock || livecka__open_socket(monitor, options) != 0) {
        livecka__fault(monitor, LIVECKA__SOCKET, options->endpoint, zmq_strerror(errno));
        livecka__destroy(monitor);
        return NULL;
    }
    return monitor;
}

LIVECKA_API int livecka_is_subscribed(livecka *monitor) { return livecka__attend(monitor) && monitor->subscriptions > 0; }

LIVECKA_API int livecka_wait_for_subscriber(livecka *monitor, int milliseconds) {
    unsigned long start;
    if (!livecka__attend(monitor)) return 0;
    start = livecka__now(monitor);
    while (!monitor->subscriptions) {
        const long left = (long)milliseconds - (long)((livecka__now(monitor) - start) / 1000);
        zmq_pollitem_t item;
        if (left <= 0) return 0;
        memset(&item, 0, sizeof item);
        item.socket = monitor->socket;
        item.events = ZMQ_POLLIN;
        zmq_poll(&item, 1, left);
        livecka__attend(monitor);
    }
    return 1;
}

LIVECKA_API livecka_tensor livecka_activations(
    const char *layer, livecka_dtype dtype, const void *data, size_t n, size_t p) {
    livecka_tensor tensor;
    memset(&tensor, 0, sizeof tensor);
    tensor.layer = layer;
    tensor.dtype = dtype;
    tensor.data = data;
    tensor.examples = n;
    tensor.features = p;
    tensor.kind = LIVECKA_ACTIVATIONS;
    return tensor;
}

LIVECKA_API livecka_tensor livecka_gram(const char *layer, livecka_dtype dtype, const void *data, size_t n, int packed) {
    livecka_tensor tensor = livecka_activations(layer, dtype, data, n, n);
    tensor.kind = packed ? LIVECKA_GRAM_PACKED : LIVECKA_GRAM;
    return tensor;
}

LIVECKA_API livecka_batch livecka_batch_of(int64_t step, const livecka_tensor *tensors, size_t count) {
    livecka_batch batch;
    memset(&batch, 0, sizeof batch);
    batch.step = step;
    batch.tensors = tensors;
    batch.tensor_count = count;
    batch.batch = batch.batches = -1;
    return batch;
}

LIVECKA_API void livecka_progress(livecka *monitor, int64_t step, const char *phase) {
    if (!monitor || step < 0 || step > LIVECKA__LARGEST_INTEGER) return;
    monitor->step = step;
    if (phase && livecka__is_phase(phase)) strcpy(monitor->phase, phase);
    livecka__attend(monitor);
}

LIVECKA_API livecka_statistics livecka_stats(const livecka *monitor) {
    livecka_statistics statistics;
    memset(&statistics, 0, sizeof statistics);
    if (!monitor) return statistics;
    statistics.attempted = monitor->attempted;
    statistics.sent = monitor->sent;
    statistics.dropped = monitor->dropped;
    statistics.queued_bytes = LIVECKA__VALUE(&monitor->queued_bytes);
    statistics.subscriptions = monitor->subscriptions;
    return statistics;
}

LIVECKA_API const char *livecka_endpoint(const livecka *monitor) { return monitor ? monitor->endpoint : ""; }

LIVECKA_API void livecka_close(livecka *monitor, livecka_reason reason) {
    unsigned long start;
    int linger = 0;
    if (!monitor || monitor->process != LIVECKA__PROCESS) return;   /* a forked child's copy: the socket is the parent's */
    start = livecka__now(monitor);
    livecka__attend(monitor);
    while (monitor->subscriptions && livecka__say_bye(monitor, reason) != 0
           && livecka__now(monitor) - start < LIVECKA__LINGER) {
        zmq_poll(NULL, 0, 5);
        livecka__receive_subscriptions(monitor);
    }
    if (monitor->subscriptions) {
        const unsigned long spent = livecka__now(monitor) - start;
        linger = spent < LIVECKA__LINGER ? (int)((LIVECKA__LINGER - spent) / 1000) : 0;
    }
    zmq_setsockopt(monitor->socket, ZMQ_LINGER, &linger, sizeof linger);
    livecka__destroy(monitor);
}

#ifdef __cplusplus
}
#endif
#endif /* LIVECKA_IMPLEMENTATION */
