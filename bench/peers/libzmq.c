/*
 * The peer in C: libzmq through zmq.h, blocking calls, one application thread (two for inproc). Arguments, lines on
 * stdin and stdout, and the check of every message are those of the Node peers: see job.ts and worker.ts.
 *
 * Small messages go by zmq_send, which copies; from LARGE octets on by zmq_msg_init_data, which does not. Many sockets in
 * one process are polled with zmq_poll and then read until empty.
 */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>
#include <zmq.h>

#define LARGE 4096
#define TOPIC 8 /* octets in a topic: t0000000 */

static struct {
  char kind[16], role[16], endpoint[512];
  char curve[8]; /* "true": under CURVE; the one who binds is its server */
  long size, frames, peers, subscriptions, window, warmupMs, durationMs;
} job;

/* Those of job.ts. */
#define SERVER_PUBLIC "rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7"
#define SERVER_SECRET "JTKVSB%%)wK0E.X)V>+}o?pNmC{O&4W4b!Ni{Lh6"
#define CLIENT_PUBLIC "Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID"
#define CLIENT_SECRET "D:)Q[IlAW!ahhC2ac:9*A}h:p?([4%wOTJ%JR%cs"

static void *context;

static void die(const char *format, ...) {
  va_list args;
  va_start(args, format);
  printf("{\"error\": \"libzmq: ");
  vprintf(format, args);
  printf("\"}\n");
  va_end(args);
  fflush(stdout);
  _exit(1);
}

static void must(int ok, const char *what) {
  if (!ok) die("%s: %s", what, zmq_strerror(zmq_errno()));
}

static void say(const char *format, ...) {
  va_list args;
  va_start(args, format);
  vprintf(format, args);
  va_end(args);
  fflush(stdout);
}

/* ---- the clock ---- */

static double now(void) {
  struct timespec at;
  clock_gettime(CLOCK_MONOTONIC, &at);
  return at.tv_sec * 1e3 + at.tv_nsec / 1e6;
}

static double cpu_us(void) {
  struct rusage used;
  getrusage(RUSAGE_SELF, &used);
  return (used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1e6 + used.ru_utime.tv_usec + used.ru_stime.tv_usec;
}

/* Warm-up, then the measured time. */
struct watch {
  double start, from, from_cpu, until, until_cpu;
  long from_count, until_count;
};

static void start(struct watch *watch) {
  memset(watch, 0, sizeof *watch);
  watch->start = now();
}

static int warm(struct watch *watch, long count) {
  if (watch->from != 0) return 1;
  double at = now();
  if (at - watch->start < job.warmupMs) return 0;
  watch->from = at;
  watch->from_count = count;
  watch->from_cpu = cpu_us();
  return 1;
}

static int over(struct watch *watch, long count) {
  return warm(watch, count) && now() - watch->from >= job.durationMs;
}

static void stop(struct watch *watch, long count) {
  if (watch->from == 0) die("stopped after %ld messages, before the warm-up was over", count);
  watch->until = now();
  watch->until_count = count;
  watch->until_cpu = cpu_us();
}

/* Reports what was measured; `more` is further JSON fields. */
static void result(const struct watch *watch, const char *more) {
  long count = watch->until_count - watch->from_count;
  say("{\"result\": {\"count\": %ld, \"seconds\": %.6f, \"cpuUs\": %.6f%s}}\n", count,
      (watch->until - watch->from) / 1e3, (watch->until_cpu - watch->from_cpu) / count, more);
}

/* ---- messages ---- */

static long ring_length, at, clock_mask;
static unsigned char **ring;

static void topic(char *into, long index) { snprintf(into, TOPIC + 1, "t%07lu", (unsigned long)index % 10000000); }

static void make_ring(void) {
  ring_length = job.size > 4096 ? 8 : 256;
  clock_mask = job.size >= 32 * 1024 ? 0 : 63;
  at = job.subscriptions > 0 ? TOPIC : 0;
  ring = malloc(ring_length * sizeof *ring);
  for (long i = 0; i < ring_length; i++) {
    char name[TOPIC + 1];
    ring[i] = malloc(job.size);
    memset(ring[i], 'm', job.size);
    topic(name, i * job.subscriptions / ring_length);
    memcpy(ring[i], name, at);
    ring[i][at] = (unsigned char)i;
  }
}

static void keep(void *data, void *hint) { (void)data, (void)hint; }

static void send_one(void *socket, long number) {
  unsigned char *body = ring[number & (ring_length - 1)];
  for (long frame = 1; frame <= job.frames; frame++) {
    int flags = frame < job.frames ? ZMQ_SNDMORE : 0;
    if (job.size < LARGE) {
      must(zmq_send(socket, body, job.size, flags) >= 0, "send");
    } else {
      zmq_msg_t message;
      /* Over ws libzmq masks the octets where they are: the ring would be of no use afterwards. */
      if (strncmp(job.endpoint, "ws", 2) == 0) {
        zmq_msg_init_size(&message, job.size);
        memcpy(zmq_msg_data(&message), body, job.size);
      } else {
        zmq_msg_init_data(&message, body, job.size, keep, NULL);
      }
      must(zmq_msg_send(&message, socket, flags) >= 0, "send");
    }
  }
}

static void check(zmq_msg_t *message, long count) {
  unsigned char number = ((unsigned char *)zmq_msg_data(message))[at];
  unsigned char expected = count & (ring_length - 1);
  if (number != expected) die("message %ld: number %d came, expected %d", count, number, expected);
}

/* Receives one message and leaves its first frame in `message`. 1: a message, checked; 0: the end mark, checked;
   -1: nothing there (with ZMQ_DONTWAIT); 2: the ready mark. */
static int take(void *socket, zmq_msg_t *message, long count, int flags) {
  if (zmq_msg_recv(message, socket, flags) < 0) {
    must(zmq_errno() == EAGAIN, "receive");
    return -1;
  }
  long size = zmq_msg_size(message);
  if (size != job.size) {
    char text[64] = {0};
    memcpy(text, zmq_msg_data(message), size < 63 ? size : 63);
    long sent;
    if (strcmp(text + at, "ready") == 0) return 2;
    if (sscanf(text + at, "end %ld", &sent) != 1) die("message %ld: unexpected size %ld", count, size);
    if (sent != count) die("lost messages: %ld sent, %ld received", sent, count);
    return 0;
  }
  check(message, count);
  long frames = 1;
  for (; zmq_msg_more(message); frames++) must(zmq_msg_recv(message, socket, 0) >= 0, "receive");
  if (frames != job.frames) die("%ld frames came, expected %ld", frames, job.frames);
  return 1;
}

/* ---- sockets ---- */

static void *open_socket(int type) {
  void *socket = zmq_socket(context, type);
  must(socket != NULL, "socket");
  return socket;
}

static void set_key(void *socket, int option, const char *key) {
  must(zmq_setsockopt(socket, option, key, strlen(key) + 1) == 0, "CURVE key");
}

static void secure(void *socket, int as_server) {
  int on = 1;
  if (strcmp(job.curve, "true") != 0) return;
  if (as_server) {
    must(zmq_setsockopt(socket, ZMQ_CURVE_SERVER, &on, sizeof on) == 0, "ZMQ_CURVE_SERVER");
    set_key(socket, ZMQ_CURVE_SECRETKEY, SERVER_SECRET);
  } else {
    set_key(socket, ZMQ_CURVE_SERVERKEY, SERVER_PUBLIC);
    set_key(socket, ZMQ_CURVE_PUBLICKEY, CLIENT_PUBLIC);
    set_key(socket, ZMQ_CURVE_SECRETKEY, CLIENT_SECRET);
  }
}

static void *bound(int type, int announce) {
  void *socket = open_socket(type);
  int on = 1;
  secure(socket, 1);
  if (type == ZMQ_PUB) must(zmq_setsockopt(socket, ZMQ_XPUB_NODROP, &on, sizeof on) == 0, "ZMQ_XPUB_NODROP");
  must(zmq_bind(socket, job.endpoint) == 0, "bind");
  char endpoint[512];
  size_t length = sizeof endpoint;
  must(zmq_getsockopt(socket, ZMQ_LAST_ENDPOINT, endpoint, &length) == 0, "ZMQ_LAST_ENDPOINT");
  if (announce) say("{\"listening\": \"%s\"}\n", endpoint);
  return socket;
}

static void *connected(int type) {
  void *socket = open_socket(type);
  int none = 0;
  secure(socket, 0);
  if (type == ZMQ_XSUB) must(zmq_setsockopt(socket, ZMQ_SNDHWM, &none, sizeof none) == 0, "ZMQ_SNDHWM");
  must(zmq_connect(socket, job.endpoint) == 0, "connect");
  return socket;
}

/* Waits for a `go` of the harness; exits when it closes stdin. */
static void go(void) {
  char line[16];
  if (!fgets(line, sizeof line, stdin)) _exit(0);
}

/* ---- the kinds ---- */

static void pull_from(void *socket) {
  struct watch watch;
  zmq_msg_t message;
  zmq_msg_init(&message);
  long count = 0;
  while (take(socket, &message, count, 0) == 1) {
    if (count == 0) start(&watch);
    if ((count++ & clock_mask) == 0) warm(&watch, count);
  }
  if (count == 0) die("no message came");
  stop(&watch, count);
  char more[64];
  snprintf(more, sizeof more, ", \"received\": %ld", count);
  result(&watch, more);
}

/* Sends until the time is over, then the end mark. */
static void stream(void *socket, int report) {
  struct watch watch;
  start(&watch);
  long sent = 0;
  while ((sent & clock_mask) != 0 || !over(&watch, sent)) send_one(socket, sent++);
  stop(&watch, sent);
  char end[64], more[64];
  topic(end, 0);
  snprintf(end + at, sizeof end - at, "end %ld", sent);
  must(zmq_send(socket, end, strlen(end), 0) >= 0, "send");
  snprintf(more, sizeof more, ", \"sent\": %ld", sent);
  if (report) result(&watch, more);
}

static struct watch served;
static volatile long served_count;

/* Sends every message back, for ever. */
static void *echo(void *socket) {
  zmq_msg_t frames[8];
  for (int i = 0; i < 8; i++) zmq_msg_init(&frames[i]);
  start(&served);
  for (;;) {
    int length = 0;
    do {
      if (length == 8) die("more than 8 frames");
      must(zmq_msg_recv(&frames[length], socket, 0) >= 0, "receive");
    } while (zmq_msg_more(&frames[length++]));
    for (int i = 0; i < length; i++)
      must(zmq_msg_send(&frames[i], socket, i + 1 < length ? ZMQ_SNDMORE : 0) >= 0, "send");
    if ((++served_count & (strcmp(job.kind, "handshakes") == 0 ? 0 : 63)) == 0) warm(&served, served_count);
  }
  return NULL;
}

/* Runs `echo` beside, until the harness says that the client is done. */
static void serve(int type) {
  pthread_t thread;
  pthread_create(&thread, NULL, echo, bound(type, 1));
  go();
  stop(&served, served_count);
  say("{\"result\": {\"cpuUs\": %.6f}}\n",
      (served.until_cpu - served.from_cpu) / (served.until_count - served.from_count));
}

static int ascending(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static void request(void) {
  enum { MOST = 1 << 20 };
  double *latencies = malloc(MOST * sizeof *latencies);
  long count = 0, kept = 0;
  void *socket = connected(ZMQ_REQ);
  zmq_msg_t message;
  zmq_msg_init(&message);
  struct watch watch;
  start(&watch);
  while (!over(&watch, count)) {
    double sent_at = now();
    send_one(socket, count);
    if (take(socket, &message, count, 0) != 1) die("reply %ld has the wrong size", count);
    if (kept < MOST && warm(&watch, count)) latencies[kept++] = now() - sent_at;
    count++;
  }
  stop(&watch, count);
  qsort(latencies, kept, sizeof *latencies, ascending);
  char more[96];
  snprintf(more, sizeof more, ", \"p50us\": %.3f, \"p99us\": %.3f", latencies[kept / 2] * 1e3,
           latencies[kept * 99 / 100] * 1e3);
  result(&watch, more);
}

static void publish(void) {
  void *socket = bound(ZMQ_PUB, 1);
  char mark[32];
  topic(mark, job.subscriptions - 1);
  strcpy(mark + at, "ready");
  struct pollfd input = {.fd = 0, .events = POLLIN};
  while (poll(&input, 1, 10) == 0) must(zmq_send(socket, mark, strlen(mark), 0) >= 0, "send");
  go();
  stream(socket, 1);
}

/* Calls `drain` for each socket that may be read, until `running` is 0. One socket alone is read without polling. */
static void poll_all(void **sockets, const long *running, void (*drain)(long index, int flags)) {
  if (job.peers == 1) {
    while (*running > 0) drain(0, 0);
    return;
  }
  zmq_pollitem_t *items = calloc(job.peers, sizeof *items);
  for (long i = 0; i < job.peers; i++) items[i] = (zmq_pollitem_t){.socket = sockets[i], .events = ZMQ_POLLIN};
  while (*running > 0) {
    must(zmq_poll(items, job.peers, -1) >= 0, "poll");
    for (long i = 0; i < job.peers; i++)
      if (items[i].revents & ZMQ_POLLIN) drain(i, ZMQ_DONTWAIT);
  }
}

/* State of many sockets in one thread: a SUB or a DEALER each. */
static void **many;
static long *counts, *sents, running, total, waiting;
static struct watch many_watch, measured;
static zmq_msg_t part;

static void drain_subscriber(long i, int flags) {
  for (;;) {
    switch (take(many[i], &part, counts[i] > 0 ? counts[i] : 0, flags)) {
      case -1:
        return;
      case 0:
        running--;
        return;
      case 2: /* counts[i] is -1 until the first ready mark */
        if (counts[i] == -1) {
          counts[i] = 0;
          if (--waiting == 0) say("{\"ready\": true}\n");
        }
        break;
      default:
        if (counts[i] == -1) die("the first message is not the ready mark");
        if (total == 0) start(&many_watch);
        counts[i]++;
        if ((total++ & 63) == 0) warm(&many_watch, total);
    }
  }
}

static void subscribe(void) {
  for (long i = 0; i < job.peers; i++) {
    counts[i] = -1;
    many[i] = connected(job.subscriptions == 0 ? ZMQ_SUB : ZMQ_XSUB);
    if (job.subscriptions == 0) must(zmq_setsockopt(many[i], ZMQ_SUBSCRIBE, "", 0) == 0, "subscribe");
    for (long k = 0; k < job.subscriptions; k++) {
      char name[1 + TOPIC + 1] = {1};
      topic(name + 1, k);
      must(zmq_send(many[i], name, 1 + TOPIC, 0) >= 0, "subscribe");
    }
  }
  poll_all(many, &running, drain_subscriber);
  stop(&many_watch, total);
  char more[64];
  snprintf(more, sizeof more, ", \"received\": %ld", total);
  result(&many_watch, more);
}

static void drain_dealer(long i, int flags) {
  while (counts[i] < sents[i]) {
    int taken = take(many[i], &part, counts[i], flags);
    if (taken == -1) return;
    if (taken != 1) die("a reply has the wrong size");
    if (counts[i]++ == 0 && --waiting == 0) start(&many_watch); /* every DEALER has had an answer */
    if ((total++ & 15) == 0 && waiting == 0 && measured.until == 0 && over(&many_watch, total)) {
      stop(&many_watch, total);
      measured = many_watch;
    }
    if (measured.until == 0) send_one(many[i], sents[i]++);
  }
  running--;
}

static void deal(void) {
  for (long i = 0; i < job.peers; i++) many[i] = connected(ZMQ_DEALER);
  for (long k = 0; k < job.window; k++)
    for (long i = 0; i < job.peers; i++) send_one(many[i], sents[i]++);
  poll_all(many, &running, drain_dealer);
  result(&measured, "");
}

static long numbers[1024];

static void open_dealer(long i) {
  int none = 0;
  many[i] = connected(ZMQ_DEALER);
  zmq_setsockopt(many[i], ZMQ_LINGER, &none, sizeof none);
  numbers[i] = total++;
  send_one(many[i], numbers[i]);
}

/* Connects, has one message answered, and closes, over and over. */
static void shake_hands(void) {
  zmq_pollitem_t *items = calloc(job.peers, sizeof *items);
  start(&many_watch);
  for (long i = 0; i < job.peers; i++) open_dealer(i);
  for (;;) {
    for (long i = 0; i < job.peers; i++) items[i] = (zmq_pollitem_t){.socket = many[i], .events = ZMQ_POLLIN};
    must(zmq_poll(items, job.peers, -1) >= 0, "poll");
    for (long i = 0; i < job.peers; i++) {
      if (!(items[i].revents & ZMQ_POLLIN)) continue;
      if (take(many[i], &part, numbers[i], 0) != 1) die("a reply has the wrong size");
      zmq_close(many[i]);
      if (over(&many_watch, total)) {
        stop(&many_watch, total);
        result(&many_watch, "");
        return;
      }
      open_dealer(i);
    }
  }
}

static long resident_kb(void) {
  long pages = 0;
  FILE *file = fopen("/proc/self/statm", "r");
  if (!file || fscanf(file, "%*d %ld", &pages) != 1) die("/proc/self/statm cannot be read");
  fclose(file);
  return pages * (sysconf(_SC_PAGESIZE) / 1024);
}

static void seat_crowd(void) {
  void *socket = bound(ZMQ_ROUTER, 0);
  usleep(500 * 1000);
  long idle = resident_kb();
  char endpoint[512];
  size_t length = sizeof endpoint;
  zmq_getsockopt(socket, ZMQ_LAST_ENDPOINT, endpoint, &length);
  pthread_t thread;
  pthread_create(&thread, NULL, echo, socket);
  say("{\"listening\": \"%s\"}\n", endpoint);
  go();
  usleep(500 * 1000);
  say("{\"result\": {\"idleRssKb\": %ld, \"crowdRssKb\": %ld}}\n", idle, resident_kb());
}

static void *push_beside(void *socket) {
  stream(socket, 0);
  return NULL;
}

static void both(void) {
  pthread_t thread;
  int pipeline = strcmp(job.kind, "pipeline") == 0;
  void *server = bound(pipeline ? ZMQ_PULL : ZMQ_REP, 0);
  if (pipeline) {
    pthread_create(&thread, NULL, push_beside, connected(ZMQ_PUSH));
    pull_from(server);
  } else {
    pthread_create(&thread, NULL, echo, server);
    request();
  }
}

static long number(const char *text) { return strtol(text, NULL, 10); }

static void read_job(int count, char **args) {
  for (int i = 1; i < count; i++) {
    char *value = strchr(args[i], '=');
    if (!value) die("argument %d is not key=value", i);
    *value++ = 0;
#define TEXT(name) if (strcmp(args[i], #name) == 0) snprintf(job.name, sizeof job.name, "%s", value)
#define NUMBER(name) if (strcmp(args[i], #name) == 0) job.name = number(value)
    TEXT(kind); TEXT(role); TEXT(endpoint); TEXT(curve);
    NUMBER(size); NUMBER(frames); NUMBER(peers); NUMBER(subscriptions); NUMBER(window);
    NUMBER(warmupMs); NUMBER(durationMs);
  }
}

static void raise_limits(void) {
  struct rlimit files;
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
}

int main(int argc, char **argv) {
  if (argc == 2 && strcmp(argv[1], "version") == 0) {
    int major, minor, patch;
    zmq_version(&major, &minor, &patch);
    printf("%d.%d.%d\n", major, minor, patch);
    return 0;
  }
  read_job(argc, argv);
  raise_limits();
  alarm(120 + 20 * job.durationMs / 1000); /* a blocking call does not see that the harness is gone */
  make_ring();
  context = zmq_ctx_new();
  if (job.peers > 500) must(zmq_ctx_set(context, ZMQ_MAX_SOCKETS, job.peers + 64) == 0, "ZMQ_MAX_SOCKETS");
  running = waiting = job.peers;
  many = calloc(job.peers, sizeof *many);
  counts = calloc(job.peers, sizeof *counts);
  sents = calloc(job.peers, sizeof *sents);
  zmq_msg_init(&part);

  int server = strcmp(job.role, "server") == 0;
  if (strcmp(job.role, "both") == 0) both();
  else if (strcmp(job.kind, "pipeline") == 0) server ? pull_from(bound(ZMQ_PULL, 1)) : stream(connected(ZMQ_PUSH), 1);
  else if (strcmp(job.kind, "roundtrip") == 0) server ? serve(ZMQ_REP) : request();
  else if (strcmp(job.kind, "publish") == 0) server ? publish() : subscribe();
  else if (strcmp(job.kind, "dealers") == 0) server ? serve(ZMQ_ROUTER) : deal();
  else if (strcmp(job.kind, "crowd") == 0 && server) seat_crowd();
  else if (strcmp(job.kind, "handshakes") == 0) server ? serve(ZMQ_ROUTER) : shake_hands();
  else die("no kind %s for role %s", job.kind, job.role);

  for (;;) go();
}
