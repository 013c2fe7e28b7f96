# An event file as TensorBoard reads it, from the formats' specifications alone: read_events.py FILE prints a JSON list of
# [step, wall time, {tag: value}]. A wrong checksum, a torn record or an unknown field ends it.
import json
import struct
import sys


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


assert crc32c(b"123456789") == 0xE3069283  # RFC 3720's polynomial
assert crc32c(bytes(32)) == 0x8A9136AA  # RFC 3720, B.4


def masked(data):
    crc = crc32c(data)
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


def records(data):
    at = 0
    while at < len(data):
        assert len(data) >= at + 12, "a torn header"
        size, check = struct.unpack_from("<QI", data, at)
        assert check == masked(data[at : at + 8])
        body = data[at + 12 : at + 12 + size]
        assert len(body) == size, "a torn record"
        assert struct.unpack_from("<I", data, at + 12 + size)[0] == masked(body)
        yield body
        at += size + 16


def fields(message):
    at = 0

    def varint():
        nonlocal at
        value = shift = 0
        while True:
            byte = message[at]
            at += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    while at < len(message):
        key = varint()
        number, kind = key >> 3, key & 7
        if kind == 0:
            yield number, varint()
        else:
            size = {1: 8, 5: 4}[kind] if kind != 2 else varint()
            assert at + size <= len(message)
            yield number, message[at : at + size]
            at += size


events = []
with open(sys.argv[1], "rb") as file:
    for i, record in enumerate(records(file.read())):
        event = dict(fields(record))
        wall_time = struct.unpack("<d", event[1])[0]
        if i == 0:
            assert event[3] == b"brain.Event:2" and 5 not in event
            continue
        assert set(event) == {1, 2, 5}
        scalars = {}
        for number, value in fields(event[5]):
            value = dict(fields(value))
            assert number == 1 and set(value) == {1, 2}
            scalars[value[1].decode()] = struct.unpack("<f", value[2])[0]
        events.append([event[2], wall_time, scalars])
json.dump(events, sys.stdout)
