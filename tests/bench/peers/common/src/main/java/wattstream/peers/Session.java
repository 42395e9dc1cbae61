package wattstream.peers;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** The fused seconds of a session, ascending. */
public final class Session {
  private static final int ROOM = 64;

  private String username = "";
  private int size;
  private long[] timestamps = new long[ROOM];
  private double[] consumption = new double[ROOM];
  private boolean[][] bitmaps = new boolean[ROOM][];

  /** Takes a second in its place; the first of its kind counts. */
  public Session add(Events.Fused fused) {
    username = fused.username;
    insert(fused.timestamp, fused.consumption, fused.state_bitmap);
    return this;
  }

  public static Session merged(Session left, Session right) {
    for (int index = 0; index < right.size; index++) {
      left.insert(right.timestamps[index], right.consumption[index], right.bitmaps[index]);
    }
    if (!right.username.isEmpty()) left.username = right.username;
    return left;
  }

  private void insert(long timestamp, double watts, boolean[] bitmap) {
    int place = size;
    while (place > 0 && timestamps[place - 1] > timestamp) place--;
    if (place > 0 && timestamps[place - 1] == timestamp) return;
    if (size == timestamps.length) {
      timestamps = Arrays.copyOf(timestamps, 2 * size);
      consumption = Arrays.copyOf(consumption, 2 * size);
      bitmaps = Arrays.copyOf(bitmaps, 2 * size);
    }
    System.arraycopy(timestamps, place, timestamps, place + 1, size - place);
    System.arraycopy(consumption, place, consumption, place + 1, size - place);
    System.arraycopy(bitmaps, place, bitmaps, place + 1, size - place);
    timestamps[place] = timestamp;
    consumption[place] = watts;
    bitmaps[place] = bitmap;
    size++;
  }

  public boolean isLongEnough() {
    return size > 0 && timestamps[size - 1] - timestamps[0] > Events.MIN_DURATION_S;
  }

  public Events.Dataset dataset(String clientId) {
    Events.Dataset dataset = new Events.Dataset();
    dataset.client_id = clientId;
    dataset.username = username;
    dataset.session_start = timestamps[0];
    dataset.session_end = timestamps[size - 1];
    dataset.timestamps = Arrays.copyOf(timestamps, size);
    dataset.consumption = Arrays.copyOf(consumption, size);
    dataset.state_bitmaps = Arrays.copyOf(bitmaps, size);
    return dataset;
  }

  /** Compact, for a state store. */
  public byte[] toBytes() {
    byte[] name = username.getBytes(StandardCharsets.UTF_8);
    int room = 2 * Integer.BYTES + name.length;
    for (int index = 0; index < size; index++) room += 18 + bitmaps[index].length;
    ByteBuffer bytes = ByteBuffer.allocate(room).putInt(name.length).put(name).putInt(size);
    for (int index = 0; index < size; index++) {
      bytes.putLong(timestamps[index]).putDouble(consumption[index]);
      bytes.putShort((short) bitmaps[index].length);
      for (boolean isOn : bitmaps[index]) bytes.put((byte) (isOn ? 1 : 0));
    }
    return bytes.array();
  }

  public static Session fromBytes(byte[] array) {
    ByteBuffer bytes = ByteBuffer.wrap(array);
    byte[] name = new byte[bytes.getInt()];
    bytes.get(name);
    Session session = new Session();
    session.username = new String(name, StandardCharsets.UTF_8);
    int size = bytes.getInt();
    int room = Math.max(ROOM, size + 1);
    session.timestamps = new long[room];
    session.consumption = new double[room];
    session.bitmaps = new boolean[room][];
    for (; session.size < size; session.size++) {
      session.timestamps[session.size] = bytes.getLong();
      session.consumption[session.size] = bytes.getDouble();
      boolean[] bitmap = new boolean[bytes.getShort()];
      for (int device = 0; device < bitmap.length; device++) bitmap[device] = bytes.get() != 0;
      session.bitmaps[session.size] = bitmap;
    }
    return session;
  }
}
