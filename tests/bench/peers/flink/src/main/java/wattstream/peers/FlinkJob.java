package wattstream.peers;

import java.io.IOException;
import java.io.Serializable;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.Optional;
import java.util.Properties;
import java.util.function.Function;
import java.util.function.ToLongFunction;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.serialization.AbstractDeserializationSchema;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.connector.base.DeliveryGuarantee;
import org.apache.flink.connector.kafka.sink.KafkaSink;
import org.apache.flink.connector.kafka.source.KafkaSource;
import org.apache.flink.connector.kafka.source.enumerator.initializer.OffsetsInitializer;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.KeyedProcessFunction;
import org.apache.flink.streaming.api.functions.co.ProcessJoinFunction;
import org.apache.flink.streaming.api.functions.windowing.ProcessWindowFunction;
import org.apache.flink.streaming.api.windowing.assigners.EventTimeSessionWindows;
import org.apache.flink.streaming.api.windowing.windows.TimeWindow;
import org.apache.flink.util.Collector;
import org.apache.kafka.clients.producer.ProducerRecord;

/**
 * FlinkJob windows|training BOOTSTRAP GROUP FOLDER: windows by a keyed process function, which is twice
 * as fast as its sliding windows; training by interval join and session windows. It goes on from the
 * newest checkpoint in its folder.
 */
public final class FlinkJob {
  public static void main(String[] args) throws Exception {
    String bootstrap = args[1];
    String group = args[2];
    Path folder = Path.of(args[3]);
    Configuration settings = new Configuration();
    settings.setString("execution.checkpointing.interval", "1 s");
    settings.setString("execution.checkpointing.mode", "EXACTLY_ONCE");
    settings.setString("execution.checkpointing.dir", folder.toUri().toString());
    settings.setString("state.backend.type", "hashmap");
    settings.setString("pipeline.object-reuse", "true");
    settings.setString("pipeline.generic-types", "false");
    newestCheckpoint(folder).ifPresent(checkpoint ->
        settings.setString("execution.state-recovery.path", checkpoint.toUri().toString()));
    var environment = StreamExecutionEnvironment.createLocalEnvironment(2, settings);
    var readings = source(environment, bootstrap, "power", group, Events.Reading.class,
        reading -> reading.timestamp);
    if (args[0].equals("windows")) {
      readings.keyBy(reading -> reading.client_id).process(new Windows()).uid("windows")
          .sinkTo(sink(bootstrap, "predictions", group, Events.Window.class,
              window -> window.client_id)).uid("predictions");
    } else {
      var states = source(environment, bootstrap, "device-state", group, Events.DeviceState.class,
          state -> state.timestamp);
      readings.keyBy(reading -> reading.client_id)
          .intervalJoin(states.keyBy(state -> state.client_id))
          .between(Duration.ZERO, Duration.ZERO)
          .process(new Fusion()).uid("fusion")
          .keyBy(fused -> fused.client_id)
          .window(EventTimeSessionWindows.withGap(Duration.ofSeconds(Events.GAP_S)))
          .process(new Sessions()).uid("sessions")
          .sinkTo(sink(bootstrap, "dataset2train", group, Events.Dataset.class,
              dataset -> dataset.client_id)).uid("dataset2train");
    }
    environment.execute(group);
  }

  private static Optional<Path> newestCheckpoint(Path folder) throws IOException {
    try (var paths = Files.walk(folder)) {
      return paths.filter(path -> path.endsWith("_metadata"))
          .max(Comparator.comparingLong(path -> path.toFile().lastModified()))
          .map(Path::getParent);
    }
  }

  private static final class Windows
      extends KeyedProcessFunction<String, Events.Reading, Events.Window> {
    private transient ValueState<RecentReadings> recent;

    @Override
    public void open(OpenContext context) {
      // As bytes in checkpoints; on the heap it stays what it is.
      recent = getRuntimeContext().getState(
          new ValueStateDescriptor<>("recent", new RecentReadingsSerializer()));
    }

    @Override
    public void processElement(Events.Reading reading, Context context,
        Collector<Events.Window> out) throws IOException {
      RecentReadings readings = recent.value();
      if (readings == null) readings = new RecentReadings();
      readings.add(reading, out::collect);
      recent.update(readings);
    }
  }

  private static final class Fusion
      extends ProcessJoinFunction<Events.Reading, Events.DeviceState, Events.Fused> {
    @Override
    public void processElement(Events.Reading reading, Events.DeviceState state, Context context,
        Collector<Events.Fused> out) {
      out.collect(Events.Fused.of(reading, state));
    }
  }

  private static final class Sessions
      extends ProcessWindowFunction<Events.Fused, Events.Dataset, String, TimeWindow> {
    @Override
    public void process(String key, Context context, Iterable<Events.Fused> seconds,
        Collector<Events.Dataset> out) {
      Session session = new Session();
      for (Events.Fused fused : seconds) session.add(fused);
      if (session.isLongEnough()) out.collect(session.dataset(key));
    }
  }

  private static final class JsonReader<T> extends AbstractDeserializationSchema<T> {
    private final Class<T> type;
    private transient com.fasterxml.jackson.databind.ObjectReader reader;

    JsonReader(Class<T> type) {
      super(type);
      this.type = type;
    }

    @Override
    public T deserialize(byte[] bytes) throws IOException {
      if (reader == null) reader = Events.reader(type);
      return reader.readValue(bytes);
    }
  }

  private interface SecondOf<T> extends ToLongFunction<T>, Serializable {}

  private interface KeyOf<T> extends Function<T, String>, Serializable {}

  private static <T> DataStream<T> source(StreamExecutionEnvironment environment, String bootstrap,
      String topic, String group, Class<T> type, SecondOf<T> secondOf) {
    KafkaSource<T> source = KafkaSource.<T>builder()
        .setBootstrapServers(bootstrap)
        .setTopics(topic)
        .setGroupId(group)
        .setStartingOffsets(OffsetsInitializer.earliest())
        .setValueOnlyDeserializer(new JsonReader<>(type))
        .build();
    WatermarkStrategy<T> watermarks = WatermarkStrategy
        .<T>forBoundedOutOfOrderness(Duration.ofSeconds(Events.LATENESS_S))
        .withTimestampAssigner((event, time) -> secondOf.applyAsLong(event) * 1000);
    return environment.fromSource(source, watermarks, topic).uid(topic);
  }

  private static <T> KafkaSink<T> sink(String bootstrap, String topic, String group, Class<T> type,
      KeyOf<T> keyOf) {
    Properties producer = new Properties();
    producer.put("transaction.timeout.ms", "600000");
    producer.put("batch.size", String.valueOf(128 << 10));
    producer.put("linger.ms", "100");
    return KafkaSink.<T>builder()
        .setBootstrapServers(bootstrap)
        .setDeliveryGuarantee(DeliveryGuarantee.EXACTLY_ONCE)
        .setTransactionalIdPrefix(group)
        .setKafkaProducerConfig(producer)
        .setRecordSerializer((event, context, time) -> {
          try {
            byte[] key = keyOf.apply(event).getBytes(StandardCharsets.UTF_8);
            return new ProducerRecord<>(topic, key, JsonWriter.of(type).writeValueAsBytes(event));
          } catch (IOException error) {
            throw new UncheckedIOException(error);
          }
        })
        .build();
  }

  /** Writers cannot be sent to a task: each is made where it is used, once. */
  private static final class JsonWriter {
    private static final ClassValue<com.fasterxml.jackson.databind.ObjectWriter> WRITERS =
        new ClassValue<>() {
          @Override
          protected com.fasterxml.jackson.databind.ObjectWriter computeValue(Class<?> type) {
            return Events.writer(type);
          }
        };

    static com.fasterxml.jackson.databind.ObjectWriter of(Class<?> type) {
      return WRITERS.get(type);
    }
  }
}
