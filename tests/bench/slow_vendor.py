"""slow_vendor.py PORT SECONDS: a vendor that takes so long for each answer. Standard library only."""
import asyncio
import sys


async def serve(reader, writer, wait):
    try:
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            length = next((int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")), 0)
            await reader.readexactly(length)
            await asyncio.sleep(wait)
            post = head.startswith(b"POST")
            body = b'{"id":"1"}' if post else b'{"results":[]}'
            writer.write(b"HTTP/1.1 %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (b"201 Created" if post else b"200 OK", len(body), body))
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        writer.close()


async def main():
    port, wait = int(sys.argv[1]), float(sys.argv[2])
    server = await asyncio.start_server(lambda reader, writer: serve(reader, writer, wait), "127.0.0.1", port)
    print("listening", flush=True)
    await server.serve_forever()


asyncio.run(main())
