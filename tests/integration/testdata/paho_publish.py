"""Publishes lines "topic TAB payload" of standard input with Eclipse Paho: PORT v311|v5 QOS."""
import sys
import paho.mqtt.client as mqtt

port, version, qos = int(sys.argv[1]), sys.argv[2], int(sys.argv[3])
protocol = mqtt.MQTTv5 if version == "v5" else mqtt.MQTTv311
# Paho 2 asks for the version of its callbacks, Paho 1 knows none.
api = [mqtt.CallbackAPIVersion.VERSION2] if hasattr(mqtt, "CallbackAPIVersion") else []
client = mqtt.Client(*api, client_id=f"paho-{version}-{qos}", protocol=protocol)
client.connect("127.0.0.1", port)
client.loop_start()
for line in sys.stdin:
    topic, payload = line.rstrip("\n").split("\t")
    client.publish(topic, payload, qos=qos).wait_for_publish()
client.disconnect()
client.loop_stop()
