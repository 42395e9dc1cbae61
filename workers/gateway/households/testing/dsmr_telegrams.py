"""Prints what dsmr-parser says, as JSON, of a P1 telegram for each pair of arguments: kW in and out."""

import sys

from dsmr_parser import telegram_specifications
from dsmr_parser.parsers import TelegramParser


def with_checksum(telegram):
    """CRC-16/ARC, of everything up to the exclamation mark."""
    checksum = 0
    for byte in telegram.encode():
        checksum ^= byte
        for _ in range(8):
            checksum = (checksum >> 1) ^ (0xA001 if checksum & 1 else 0)
    return f"{telegram}{checksum:04X}\r\n"


def telegram_of(used, delivered, second):
    return with_checksum(
        "\r\n".join([
            "/XYZ5\\made-up-meter",
            "",
            "1-3:0.2.8(50)",
            f"0-0:1.0.0(260921{161320 + second}S)",
            "1-0:1.8.1(000500.001*kWh)",
            "1-0:2.8.1(000020.000*kWh)",
            f"1-0:1.7.0({used}*kW)",
            f"1-0:2.7.0({delivered}*kW)",
            "!",
        ])
    )


parser = TelegramParser(telegram_specifications.V5)
for second, (used, delivered) in enumerate(zip(sys.argv[1::2], sys.argv[2::2])):
    print(parser.parse(telegram_of(used, delivered, second)).to_json())
