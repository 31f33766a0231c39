/* The load of the echo benchmark: connections that each have one message under way and check what comes back.
 *
 *   load PORT CONNECTIONS BYTES MILLISECONDS   prints "begin" when all is warm, then one line of JSON
 *   load PORT CONNECTIONS idle 0               one message each, prints "begin", and holds them until its input ends
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { BATCH = 512, BUFFER = 1 << 20, SLOTS = 2000000, WARM_UP = 700000000 };

struct connection {
  int fd;
  int sent;
  int got;
  int starved;
  uint64_t since;
};

static int size;
static char *message;
static char buffer[BUFFER];
static uint32_t latencies[SLOTS]; /* by microsecond */

static uint64_t now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

static void die(const char *what) {
  fprintf(stderr, "load: %s: %s\n", what, strerror(errno));
  exit(2);
}

/* One blocking exchange: it shows that the server has accepted, and warms it up. */
static void greet(int fd) {
  for (int sent = 0; sent < size;) {
    ssize_t n = write(fd, message + sent, (size_t)(size - sent));
    if (n <= 0) die("write");
    sent += (int)n;
  }
  for (int got = 0; got < size;) {
    ssize_t n = read(fd, buffer, (size_t)(size - got));
    if (n <= 0) die("read");
    if (memcmp(buffer, message + got, (size_t)n) != 0) die("other bytes came back");
    got += (int)n;
  }
}

static int dial(int port) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  if (fd < 0) die("socket");
  for (int tries = 0; connect(fd, (struct sockaddr *)&address, sizeof address) < 0; tries++) {
    if (tries == 200) die("connect");
    usleep(10000);
  }
  int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  greet(fd);
  return fd;
}

static void watch(int epoll, int how, struct connection *connection, uint32_t events) {
  struct epoll_event event = {.events = events, .data.ptr = connection};
  if (epoll_ctl(epoll, how, connection->fd, &event) < 0) die("epoll_ctl");
}

/* Whether the whole message is out. */
static int push(struct connection *connection) {
  while (connection->sent < size) {
    ssize_t n = write(connection->fd, message + connection->sent, (size_t)(size - connection->sent));
    if (n > 0) connection->sent += (int)n;
    else if (n < 0 && errno == EAGAIN) return 0;
    else die("write");
  }
  return 1;
}

static void ask(int epoll, struct connection *connection) {
  connection->sent = connection->got = 0;
  connection->since = now();
  if (!push(connection)) watch(epoll, EPOLL_CTL_MOD, connection, EPOLLIN | EPOLLOUT);
}

/* Whether the whole message has come back. */
static int pull(struct connection *connection) {
  ssize_t n = read(connection->fd, buffer, BUFFER);
  if (n < 0 && errno == EAGAIN) return 0;
  if (n <= 0) die("read");
  if (connection->got + n > size) die("too many bytes came back");
  if (memcmp(buffer, message + connection->got, (size_t)n) != 0) die("other bytes came back");
  connection->got += (int)n;
  return connection->got == size;
}

static uint64_t percentile(uint64_t count, double part) {
  uint64_t seen = 0;
  for (int slot = 0; slot < SLOTS; slot++) {
    seen += latencies[slot];
    if ((double)seen >= (double)count * part) return (uint64_t)slot;
  }
  return SLOTS;
}

int main(int argc, char **argv) {
  if (argc != 5) return 1;
  int port = atoi(argv[1]), count = atoi(argv[2]), idle = strcmp(argv[3], "idle") == 0;
  uint64_t span = (uint64_t)atoi(argv[4]) * 1000000u;
  struct rlimit files;
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
  size = idle ? 64 : atoi(argv[3]);
  message = malloc((size_t)size);
  for (int i = 0; i < size; i++) message[i] = (char)(i * 31 + 7);
  struct connection *connections = calloc((size_t)count, sizeof *connections);
  int epoll = epoll_create1(0);
  for (int i = 0; i < count; i++) {
    connections[i].fd = dial(port);
    connections[i].starved = 1;
    if (idle) continue;
    fcntl(connections[i].fd, F_SETFL, O_NONBLOCK);
    watch(epoll, EPOLL_CTL_ADD, &connections[i], EPOLLIN);
  }
  if (idle) {
    puts("begin");
    fflush(stdout);
    while (read(0, buffer, BUFFER) > 0) {}
    return 0;
  }
  uint64_t begin = now() + WARM_UP, end = begin + span, messages = 0;
  int begun = 0;
  for (int i = 0; i < count; i++) ask(epoll, &connections[i]);
  struct epoll_event events[BATCH];
  for (;;) {
    int ready = epoll_wait(epoll, events, BATCH, 100);
    uint64_t time = now();
    if (!begun && time >= begin) {
      begun = 1;
      begin = time;
      end = begin + span;
      puts("begin");
      fflush(stdout);
    }
    if (time >= end) break;
    for (int i = 0; i < ready; i++) {
      struct connection *connection = events[i].data.ptr;
      if (connection->sent < size && push(connection)) watch(epoll, EPOLL_CTL_MOD, connection, EPOLLIN);
      if (!(events[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR)) || !pull(connection)) continue;
      if (begun) {
        uint64_t microseconds = (now() - connection->since) / 1000;
        latencies[microseconds < SLOTS ? microseconds : SLOTS - 1]++;
        connection->starved = 0;
        messages++;
      }
      ask(epoll, connection);
    }
  }
  double seconds = (double)(now() - begin) / 1e9;
  int starved = 0;
  for (int i = 0; i < count; i++) starved += connections[i].starved;
  printf("{\"messages\":%llu,\"seconds\":%.6f,\"p99\":%llu,\"starved\":%d}\n", (unsigned long long)messages, seconds,
         (unsigned long long)percentile(messages, 0.99), starved);
  return 0;
}
