package wattstream.peers;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.ObjectWriter;

/** The events of the README's "Events", and the numbers of its semantics. */
public final class Events {
  public static final int WINDOW_S = 15;
  public static final int LATENESS_S = 5;
  public static final int GAP_S = 5;
  public static final int MIN_DURATION_S = 30;

  private static final ObjectMapper JSON = new ObjectMapper();

  public static class Reading {
    public String client_id;
    public String username;
    public long timestamp;
    public double consumption;
  }

  public static class DeviceState {
    public String client_id;
    public String username;
    public long timestamp;
    public boolean[] state_bitmap;
  }

  /** A second of a household with both. */
  public static class Fused {
    public String client_id;
    public String username;
    public long timestamp;
    public double consumption;
    public boolean[] state_bitmap;

    public static Fused of(Reading reading, DeviceState state) {
      Fused fused = new Fused();
      fused.client_id = reading.client_id;
      fused.username = reading.username;
      fused.timestamp = reading.timestamp;
      fused.consumption = reading.consumption;
      fused.state_bitmap = state.state_bitmap;
      return fused;
    }
  }

  public static class Window {
    public String client_id;
    public String username;
    public long window_start;
    public long window_end;
    public long[] timestamps;
    public double[] consumption;
  }

  public static class Dataset {
    public String client_id;
    public String username;
    public long session_start;
    public long session_end;
    public long[] timestamps;
    public double[] consumption;
    public boolean[][] state_bitmaps;
  }

  public static ObjectReader reader(Class<?> type) {
    return JSON.readerFor(type);
  }

  public static ObjectWriter writer(Class<?> type) {
    return JSON.writerFor(type);
  }

  private Events() {}
}
