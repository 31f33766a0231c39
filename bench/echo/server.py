"""The echo server of gevent or eventlet: python3 server.py gevent|eventlet."""
import socket
import sys


def echo(connection, address):
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    try:
        while True:
            data = connection.recv(65536)
            if not data:
                break
            connection.sendall(data)
    except OSError:
        pass
    finally:
        connection.close()


if sys.argv[1] == "gevent":
    from gevent.server import StreamServer

    server = StreamServer(("127.0.0.1", 0), echo, backlog=4096)
    server.start()
    print(server.server_port, flush=True)
    server.serve_forever()
else:
    import eventlet

    listener = eventlet.listen(("127.0.0.1", 0), backlog=4096)
    print(listener.getsockname()[1], flush=True)
    eventlet.serve(listener, echo, concurrency=20000)
