/*
 * example.c - a residual network of plain C, trained on generated data, with a probe pass shown to LiveCKA now and then.
 *
 *     cc -std=c99 -O2 example.c -o example -lzmq -lm        (or c++ -x c++ -std=c++17)
 *     livecka serve &
 *     ./example --run spirals
 *     livecka watch spirals
 *
 * The task: tell three interleaved spirals apart. The network: an input layer of 32 units, eight residual blocks
 * h + tanh(W h + b) and a classifier, trained by plain stochastic gradient descent. The lines that concern LiveCKA are
 * in main() and show_probe(); all the rest is the training program that one has anyway.
 *
 * `--dump DIR` writes what was shown as raw numbers, so that the matrices can be checked against them.
 */
#define LIVECKA_IMPLEMENTATION
#include "livecka.h"

#include <math.h>

enum { INPUTS = 2, WIDTH = 32, BLOCKS = 8, LAYERS = BLOCKS + 1, CLASSES = 3, EXAMPLES = 256, BATCH = 32, PROBE_BATCHES = 2,
       PROBE = 64 };

typedef struct {
    float x[INPUTS];
} point;

typedef struct {
    float stem[INPUTS][WIDTH], stem_bias[WIDTH];
    float block[BLOCKS][WIDTH][WIDTH], block_bias[BLOCKS][WIDTH];
    float head[WIDTH][CLASSES], head_bias[CLASSES];
} network;

/* What every layer says of up to PROBE examples; layer 0 is the stem, layer i the i-th block. */
typedef struct {
    float layer[LAYERS][PROBE][WIDTH];
    float score[PROBE][CLASSES];
} activity;

static uint64_t random_state = 1;

/* Uniform in [0, 1): xorshift64*. */
static float uniform(void) {
    random_state ^= random_state >> 12;
    random_state ^= random_state << 25;
    random_state ^= random_state >> 27;
    return (float)((random_state * 2685821657736338717u) >> 40) / 16777216.0f;
}

static float normal(void) { return sqrtf(-2 * logf(1 - uniform())) * cosf(6.2831853f * uniform()); }

static void make_spirals(point *points, int64_t *labels, int count) {
    int i;
    for (i = 0; i < count; i++) {
        const int label = i % CLASSES;
        const float radius = 0.1f + uniform(), angle = 4 * radius + 2.0943951f * (float)label;
        points[i].x[0] = radius * cosf(angle) + 0.03f * normal();
        points[i].x[1] = radius * sinf(angle) + 0.03f * normal();
        labels[i] = label;
    }
}

static void initialise(network *net) {
    int i, j, b;
    memset(net, 0, sizeof *net);
    for (i = 0; i < INPUTS; i++)
        for (j = 0; j < WIDTH; j++) net->stem[i][j] = normal();
    for (b = 0; b < BLOCKS; b++)
        for (i = 0; i < WIDTH; i++)
            for (j = 0; j < WIDTH; j++) net->block[b][i][j] = normal() / sqrtf((float)WIDTH);
    for (i = 0; i < WIDTH; i++)
        for (j = 0; j < CLASSES; j++) net->head[i][j] = normal() / sqrtf((float)WIDTH);
}

static void forward(const network *net, const point *points, int count, activity *out) {
    int e, i, j, b;
    for (e = 0; e < count; e++) {
        for (j = 0; j < WIDTH; j++) {
            float sum = net->stem_bias[j];
            for (i = 0; i < INPUTS; i++) sum += points[e].x[i] * net->stem[i][j];
            out->layer[0][e][j] = tanhf(sum);
        }
        for (b = 0; b < BLOCKS; b++) {
            const float *h = out->layer[b][e];
            for (j = 0; j < WIDTH; j++) {
                float sum = net->block_bias[b][j];
                for (i = 0; i < WIDTH; i++) sum += h[i] * net->block[b][i][j];
                out->layer[b + 1][e][j] = h[j] + tanhf(sum);
            }
        }
        for (j = 0; j < CLASSES; j++) {
            float sum = net->head_bias[j];
            for (i = 0; i < WIDTH; i++) sum += out->layer[BLOCKS][e][i] * net->head[i][j];
            out->score[e][j] = sum;
        }
    }
}

/* One step of gradient descent on a batch; the mean cross-entropy before it. */
static float train_step(network *net, const point *points, const int64_t *labels, int count, float rate) {
    static activity seen;
    static network gradient;
    float loss = 0;
    int e, i, j, b;
    size_t k;
    forward(net, points, count, &seen);
    memset(&gradient, 0, sizeof gradient);
    for (e = 0; e < count; e++) {
        float slope[CLASSES], back[WIDTH], largest = seen.score[e][0], total = 0;
        for (j = 1; j < CLASSES; j++) largest = fmaxf(largest, seen.score[e][j]);
        for (j = 0; j < CLASSES; j++) total += expf(seen.score[e][j] - largest);
        loss += logf(total) + largest - seen.score[e][labels[e]];
        for (j = 0; j < CLASSES; j++)
            slope[j] = (expf(seen.score[e][j] - largest) / total - (j == labels[e] ? 1.0f : 0.0f)) / (float)count;
        for (i = 0; i < WIDTH; i++) {
            back[i] = 0;
            for (j = 0; j < CLASSES; j++) {
                gradient.head[i][j] += seen.layer[BLOCKS][e][i] * slope[j];
                back[i] += net->head[i][j] * slope[j];
            }
        }
        for (j = 0; j < CLASSES; j++) gradient.head_bias[j] += slope[j];
        for (b = BLOCKS - 1; b >= 0; b--) {
            const float *h = seen.layer[b][e];
            float through[WIDTH], inner[WIDTH];
            for (j = 0; j < WIDTH; j++) {
                const float branch = seen.layer[b + 1][e][j] - h[j];
                inner[j] = back[j] * (1 - branch * branch);
                gradient.block_bias[b][j] += inner[j];
            }
            for (i = 0; i < WIDTH; i++) {
                through[i] = back[i];
                for (j = 0; j < WIDTH; j++) {
                    gradient.block[b][i][j] += h[i] * inner[j];
                    through[i] += net->block[b][i][j] * inner[j];
                }
            }
            memcpy(back, through, sizeof back);
        }
        for (j = 0; j < WIDTH; j++) {
            const float h = seen.layer[0][e][j], inner = back[j] * (1 - h * h);
            gradient.stem_bias[j] += inner;
            for (i = 0; i < INPUTS; i++) gradient.stem[i][j] += points[e].x[i] * inner;
        }
    }
    for (k = 0; k < sizeof(network) / sizeof(float); k++) ((float *)net)[k] -= rate * ((const float *)&gradient)[k];
    return loss / (float)count;
}

static void dump(const char *directory, int64_t step, int batch, const activity *seen) {
    char path[4096];
    FILE *file;
    if (!directory) return;
    snprintf(path, sizeof path, "%s/%lld-%d.f32", directory, (long long)step, batch);
    file = fopen(path, "wb");
    if (!file || fwrite(seen->layer, sizeof seen->layer, 1, file) != 1) fprintf(stderr, "%s cannot be written\n", path);
    if (file) fclose(file);
}

/* Runs the held-out examples through the network and shows what every layer makes of them. */
static void show_probe(livecka *monitor, const network *net, const point *points, const int64_t *labels,
                       int64_t step, const char *directory) {
    static activity seen;
    static char names[LAYERS][24];
    int index, i, e;
    for (index = 0; index < PROBE_BATCHES; index++) {
        livecka_tensor tensors[LAYERS];
        int64_t ids[PROBE], predictions[PROBE];
        livecka_batch batch;
        forward(net, points + index * PROBE, PROBE, &seen);
        for (i = 0; i < LAYERS; i++) {
            if (i == 0) strcpy(names[i], "stem");
            else snprintf(names[i], sizeof names[i], "block%02d", i);
            tensors[i] = livecka_activations(names[i], LIVECKA_F32, seen.layer[i], PROBE, WIDTH);
        }
        for (e = 0; e < PROBE; e++) {
            const float *score = seen.score[e];
            ids[e] = index * PROBE + e;
            predictions[e] = score[0] >= score[1] && score[0] >= score[2] ? 0 : score[1] >= score[2] ? 1 : 2;
        }
        batch = livecka_batch_of(step, tensors, LAYERS);
        batch.batch = index;
        batch.batches = PROBE_BATCHES;
        batch.probe = "held-out";
        batch.phase = "train";
        batch.example_ids = ids;
        batch.labels = labels + index * PROBE;
        batch.predictions = predictions;
        /* Dumped only if it is on its way: then the daemon's matrices must be those of what is dumped. */
        if (livecka_send(monitor, &batch) == 1) dump(directory, step, index, &seen);
    }
}

int main(int count, char **arguments) {
    static const char *const facts[] = {"model", "residual tanh network", "framework", "plain C", NULL};
    static network net;
    static point points[EXAMPLES], held_out[PROBE_BATCHES * PROBE];
    static int64_t labels[EXAMPLES], held_out_labels[PROBE_BATCHES * PROBE];
    const char *directory = NULL;
    long steps = 2000, every = 100, wait = 2000, step;
    livecka_options options = livecka_defaults("spirals");
    livecka_statistics statistics;
    livecka *monitor;
    float loss = 0;
    int i;

    for (i = 1; i + 1 < count; i += 2) {
        const char *name = arguments[i], *value = arguments[i + 1];
        if (!strcmp(name, "--run")) options.run = value;
        else if (!strcmp(name, "--endpoint")) options.endpoint = value;
        else if (!strcmp(name, "--steps")) steps = atol(value);
        else if (!strcmp(name, "--every")) every = atol(value);
        else if (!strcmp(name, "--wait")) wait = atol(value);
        else if (!strcmp(name, "--dump")) directory = value;
        else break;
    }
    if (i < count || steps < 1 || every < 1) {
        fprintf(stderr, "usage: %s [--run NAME] [--endpoint ENDPOINT] [--steps N] [--every N] [--wait MILLISECONDS] "
                        "[--dump DIRECTORY]\n", arguments[0]);
        return 64;
    }
    make_spirals(points, labels, EXAMPLES);
    make_spirals(held_out, held_out_labels, PROBE_BATCHES * PROBE);
    initialise(&net);

    options.meta = facts;
    monitor = livecka_open(&options);
    /* So that the picture of step 0 is not lost to a connection being made. */
    if (livecka_wait_for_subscriber(monitor, (int)wait)) show_probe(monitor, &net, held_out, held_out_labels, 0, directory);

    for (step = 1; step <= steps; step++) {
        point chosen[BATCH];
        int64_t answers[BATCH];
        for (i = 0; i < BATCH; i++) {
            const int e = (int)(uniform() * EXAMPLES);
            chosen[i] = points[e];
            answers[i] = labels[e];
        }
        loss = train_step(&net, chosen, answers, BATCH, 0.05f);

        livecka_progress(monitor, step, "train");
        if (step % every == 0 && livecka_is_subscribed(monitor))
            show_probe(monitor, &net, held_out, held_out_labels, step, directory);
        if (step % every == 0) printf("step %ld  loss %.9g\n", step, (double)loss);
    }
    statistics = livecka_stats(monitor);
    printf("attempted %llu  sent %llu  dropped %llu\n", (unsigned long long)statistics.attempted,
           (unsigned long long)statistics.sent, (unsigned long long)statistics.dropped);
    livecka_close(monitor, LIVECKA_FINISHED);
    return 0;
}
