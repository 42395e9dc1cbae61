package wattstream.peers;

import java.io.IOException;
import org.apache.flink.api.common.typeutils.SimpleTypeSerializerSnapshot;
import org.apache.flink.api.common.typeutils.TypeSerializerSnapshot;
import org.apache.flink.api.common.typeutils.base.TypeSerializerSingleton;
import org.apache.flink.core.memory.DataInputView;
import org.apache.flink.core.memory.DataOutputView;

/** A household's recent readings in a checkpoint. */
public final class RecentReadingsSerializer extends TypeSerializerSingleton<RecentReadings> {
  @Override
  public boolean isImmutableType() {
    return false;
  }

  @Override
  public RecentReadings createInstance() {
    return new RecentReadings();
  }

  @Override
  public RecentReadings copy(RecentReadings from) {
    return from.copy();
  }

  @Override
  public RecentReadings copy(RecentReadings from, RecentReadings reuse) {
    return from.copy();
  }

  @Override
  public int getLength() {
    return -1;
  }

  @Override
  public void serialize(RecentReadings readings, DataOutputView target) throws IOException {
    byte[] bytes = readings.toBytes();
    target.writeInt(bytes.length);
    target.write(bytes);
  }

  @Override
  public RecentReadings deserialize(DataInputView source) throws IOException {
    byte[] bytes = new byte[source.readInt()];
    source.readFully(bytes);
    return RecentReadings.fromBytes(bytes);
  }

  @Override
  public RecentReadings deserialize(RecentReadings reuse, DataInputView source) throws IOException {
    return deserialize(source);
  }

  @Override
  public void copy(DataInputView source, DataOutputView target) throws IOException {
    serialize(deserialize(source), target);
  }

  @Override
  public TypeSerializerSnapshot<RecentReadings> snapshotConfiguration() {
    return new Snapshot();
  }

  /** What a checkpoint says of how it was written. */
  public static final class Snapshot extends SimpleTypeSerializerSnapshot<RecentReadings> {
    public Snapshot() {
      super(RecentReadingsSerializer::new);
    }
  }
}
