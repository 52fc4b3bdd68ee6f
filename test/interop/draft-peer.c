/*
 * A libzmq with the draft socket types, in C: the one inside npm `zeromq`, whose addon has libzmq's functions. Started by
 * draft-c.test.ts:
 *
 *   draft-peer ADDON TYPE bind|connect ENDPOINT COUNT
 *
 * Prints the endpoint it bound, an empty line when it connected. Then SERVER, CLIENT, PEER and CHANNEL send back COUNT
 * messages, GATHER and DISH (which joins "g") print one line for each of COUNT messages, SCATTER and RADIO send them: "0",
 * "1", and so on, RADIO to the groups "g" and "other" in turn. A PEER that connects first sends "hello".
 */

#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct { unsigned char opaque[64] __attribute__((aligned(8))); } message;

enum { SERVER = 12, CLIENT, RADIO, DISH, GATHER, SCATTER, DGRAM, PEER, CHANNEL };
enum { LAST_ENDPOINT = 32, LINGER = 17, RCVTIMEO = 27, SNDTIMEO = 28 };

static void *addon;

static void *function(const char *name) {
  void *found = dlsym(addon, name);
  if (found == NULL) {
    fprintf(stderr, "%s: %s\n", name, dlerror());
    exit(2);
  }
  return found;
}

#define CALL(result, name, ...) ((result (*)(__VA_ARGS__))function(#name))

static int error_number(void) { return CALL(int, zmq_errno, void)(); }

static void check(int result, const char *what) {
  if (result >= 0) return;
  fprintf(stderr, "%s: error %d\n", what, error_number());
  exit(1);
}

static size_t receive(void *socket, message *into) {
  check(CALL(int, zmq_msg_init, message *)(into), "init");
  check(CALL(int, zmq_msg_recv, message *, void *, int)(into, socket, 0), "receive");
  return CALL(size_t, zmq_msg_size, message *)(into);
}

static void fill(message *into, const char *text) {
  check(CALL(int, zmq_msg_init_size, message *, size_t)(into, strlen(text)), "init");
  memcpy(CALL(void *, zmq_msg_data, message *)(into), text, strlen(text));
}

static void send_(void *socket, message *from) {
  check(CALL(int, zmq_msg_send, message *, void *, int)(from, socket, 0), "send");
}

int main(int argc, char **argv) {
  if (argc != 6) return 2;
  setvbuf(stdout, NULL, _IOLBF, 0);
  addon = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
  if (addon == NULL) {
    fprintf(stderr, "%s\n", dlerror());
    return 2;
  }
  int type = atoi(argv[2]), binds = strcmp(argv[3], "bind") == 0, count = atoi(argv[5]), timeout = 10000;
  void *context = CALL(void *, zmq_ctx_new, void)();
  void *socket = CALL(void *, zmq_socket, void *, int)(context, type);
  int (*set)(void *, int, const void *, size_t) = CALL(int, zmq_setsockopt, void *, int, const void *, size_t);
  check(set(socket, RCVTIMEO, &timeout, sizeof timeout), "RCVTIMEO");
  check(set(socket, SNDTIMEO, &timeout, sizeof timeout), "SNDTIMEO");
  check(set(socket, LINGER, &timeout, sizeof timeout), "LINGER");
  uint32_t peer = 0;
  char endpoint[256] = "";
  if (type == DISH) check(CALL(int, zmq_join, void *, const char *)(socket, "g"), "join");
  if (binds) {
    size_t size = sizeof endpoint;
    check(CALL(int, zmq_bind, void *, const char *)(socket, argv[4]), "bind");
    check(CALL(int, zmq_getsockopt, void *, int, void *, size_t *)(socket, LAST_ENDPOINT, endpoint, &size), "endpoint");
  } else if (type == PEER) {
    peer = CALL(uint32_t, zmq_connect_peer, void *, const char *)(socket, argv[4]);
    check(peer == 0 ? -1 : 0, "connect_peer");
  } else check(CALL(int, zmq_connect, void *, const char *)(socket, argv[4]), "connect");
  printf("%s\n", endpoint);

  message each;
  if (peer != 0) {
    fill(&each, "hello");
    check(CALL(int, zmq_msg_set_routing_id, message *, uint32_t)(&each, peer), "set_routing_id");
    send_(socket, &each);
  }
  /* A libzmq that publishes cannot tell when its peer has joined. */
  if (type == RADIO) getchar();
  for (int i = 0; i < count; i++) {
    char text[16];
    switch (type) {
      case SCATTER:
      case RADIO:
        snprintf(text, sizeof text, "%d", i);
        fill(&each, text);
        if (type == RADIO) CALL(int, zmq_msg_set_group, message *, const char *)(&each, i % 2 == 0 ? "g" : "other");
        send_(socket, &each);
        break;
      case GATHER:
        printf("%zu\n", receive(socket, &each));
        break;
      case DISH: {
        size_t size = receive(socket, &each);
        printf("%s %zu\n", CALL(const char *, zmq_msg_group, message *)(&each), size);
        break;
      }
      default: {
        receive(socket, &each);
        uint32_t from = CALL(uint32_t, zmq_msg_routing_id, message *)(&each);
        if (type == PEER && peer != 0 && from != peer) return 3;
        send_(socket, &each);
      }
    }
  }
  CALL(int, zmq_close, void *)(socket);
  CALL(int, zmq_ctx_term, void *)(context);
  return 0;
}
