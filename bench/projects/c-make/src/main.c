/* Counter answers each request with the number of requests so far. */
#include "hits.h"

#include <arpa/inet.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void answer(int client)
{
    char request[1024], body[64], head[128];
    if (read(client, request, sizeof request) <= 0)
        return;
    if (strncmp(request, "GET /health ", 12) == 0)
        snprintf(body, sizeof body, "counter is well\n");
    else
        snprintf(body, sizeof body, "hits: %ld\n", hits_add());
    int length = snprintf(head, sizeof head,
                          "HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %zu\r\n\r\n", strlen(body));
    if (write(client, head, length) < 0 || write(client, body, strlen(body)) < 0)
        perror("write");
}

int main(void)
{
    const char *port = getenv("PORT");
    struct sockaddr_in here = {
        .sin_family = AF_INET,
        .sin_port = htons(port ? atoi(port) : 8080),
        .sin_addr.s_addr = htonl(INADDR_ANY),
    };
    int yes = 1, server = socket(AF_INET, SOCK_STREAM, 0);

    signal(SIGPIPE, SIG_IGN);
    setsockopt(server, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (hits_open() != 0 || bind(server, (struct sockaddr *)&here, sizeof here) != 0 || listen(server, 16) != 0) {
        perror("start");
        return 1;
    }
    for (;;) {
        int client = accept(server, NULL, NULL);
        if (client < 0)
            continue;
        answer(client);
        close(client);
    }
}
