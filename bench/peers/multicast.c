/* A publisher or subscriber of epgm with libzmq; bench/multicast.ts runs it.
 *
 * multicast pub|sub ENDPOINT SIZE COUNT RATE INTERVAL
 *
 * Each message begins with its number. The subscriber prints how many came, in how many seconds, and how many gaps there
 * were, after the last message or a second of silence. */

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <zmq.h>

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec + time.tv_nsec * 1e-9;
}

static void set(void *socket, int option, int value) {
    if (zmq_setsockopt(socket, option, &value, sizeof value) != 0) abort();
}

int main(int count_of_arguments, char **arguments) {
    if (count_of_arguments != 7) return 2;
    int publishes = strcmp(arguments[1], "pub") == 0;
    int size = atoi(arguments[3]), count = atoi(arguments[4]);
    void *context = zmq_ctx_new();
    void *socket = zmq_socket(context, publishes ? ZMQ_PUB : ZMQ_SUB);
    set(socket, ZMQ_RATE, atoi(arguments[5]));
    set(socket, ZMQ_RECOVERY_IVL, atoi(arguments[6]));
    set(socket, publishes ? ZMQ_SNDHWM : ZMQ_RCVHWM, 100000);
    if (publishes) set(socket, ZMQ_XPUB_NODROP, 1);
    else zmq_setsockopt(socket, ZMQ_SUBSCRIBE, "", 0);
    if (zmq_connect(socket, arguments[2]) != 0) {
        perror("connect");
        return 1;
    }
    char *body = calloc(1, size + 1);
    if (publishes) {
        usleep(300000);
        for (int32_t number = 0; number < count; number++) {
            memcpy(body, &number, sizeof number);
            zmq_send(socket, body, size, 0);
        }
        sleep(3); /* libzmq repairs nothing once it is closed */
        return 0;
    }
    printf("READY\n");
    fflush(stdout);
    int received = 0, gaps = 0, expected = 0;
    double first = 0, last = 0;
    set(socket, ZMQ_RCVTIMEO, 10000);
    while (expected < count && zmq_recv(socket, body, size, 0) == size) {
        int32_t number;
        memcpy(&number, body, sizeof number);
        last = now();
        if (received++ == 0) {
            first = last;
            set(socket, ZMQ_RCVTIMEO, 1000);
        }
        if (number != expected) gaps++;
        expected = number + 1;
    }
    printf("RESULT %d %f %d\n", received, last - first, gaps);
    return 0;
}
