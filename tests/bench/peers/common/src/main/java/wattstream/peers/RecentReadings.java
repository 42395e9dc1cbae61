package wattstream.peers;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.function.Consumer;

/**
 * A household's readings of the last window and the lateness allowed, by second modulo their number.
 * The window [end - 15, end) closes with the first reading at end + 5 or later, and is emitted where it
 * is full. The first reading of a second counts.
 */
public final class RecentReadings {
  private static final int SECONDS = Events.WINDOW_S + Events.LATENESS_S;
  private static final long NONE = -1;

  private String username = "";
  private long newest = NONE;
  private final long[] timestamps = new long[SECONDS];
  private final double[] consumption = new double[SECONDS];

  public void add(Events.Reading reading, Consumer<Events.Window> out) {
    long timestamp = reading.timestamp;
    username = reading.username;
    if (newest == NONE) newest = timestamp;
    if (timestamp <= newest - SECONDS) return; // no window of it is open
    if (timestamp > newest) {
      // No window that ends later than this has a reading.
      long lastEnd = Math.min(timestamp - Events.LATENESS_S, newest + Events.WINDOW_S);
      for (long end = newest - Events.LATENESS_S + 1; end <= lastEnd; end++) {
        if (isFull(end)) out.accept(window(reading.client_id, end));
      }
      newest = timestamp;
    }
    int place = (int) (timestamp % SECONDS);
    if (timestamps[place] == timestamp) return;
    timestamps[place] = timestamp;
    consumption[place] = reading.consumption;
  }

  private boolean isFull(long end) {
    for (long second = end - Events.WINDOW_S; second < end; second++) {
      if (timestamps[(int) (second % SECONDS)] != second) return false;
    }
    return true;
  }

  private Events.Window window(String clientId, long end) {
    Events.Window window = new Events.Window();
    window.client_id = clientId;
    window.username = username;
    window.window_start = end - Events.WINDOW_S;
    window.window_end = end;
    window.timestamps = new long[Events.WINDOW_S];
    window.consumption = new double[Events.WINDOW_S];
    for (int index = 0; index < Events.WINDOW_S; index++) {
      int place = (int) ((window.window_start + index) % SECONDS);
      window.timestamps[index] = timestamps[place];
      window.consumption[index] = consumption[place];
    }
    return window;
  }

  public RecentReadings copy() {
    RecentReadings copy = new RecentReadings();
    copy.username = username;
    copy.newest = newest;
    System.arraycopy(timestamps, 0, copy.timestamps, 0, SECONDS);
    System.arraycopy(consumption, 0, copy.consumption, 0, SECONDS);
    return copy;
  }

  /** Compact, for a changelog. */
  public byte[] toBytes() {
    byte[] name = username.getBytes(StandardCharsets.UTF_8);
    ByteBuffer bytes = ByteBuffer.allocate(Integer.BYTES + name.length + Long.BYTES + 16 * SECONDS);
    bytes.putInt(name.length).put(name).putLong(newest);
    for (int place = 0; place < SECONDS; place++) {
      bytes.putLong(timestamps[place]).putDouble(consumption[place]);
    }
    return bytes.array();
  }

  public static RecentReadings fromBytes(byte[] array) {
    ByteBuffer bytes = ByteBuffer.wrap(array);
    byte[] name = new byte[bytes.getInt()];
    bytes.get(name);
    RecentReadings readings = new RecentReadings();
    readings.username = new String(name, StandardCharsets.UTF_8);
    readings.newest = bytes.getLong();
    for (int place = 0; place < SECONDS; place++) {
      readings.timestamps[place] = bytes.getLong();
      readings.consumption[place] = bytes.getDouble();
    }
    return readings;
  }
}
