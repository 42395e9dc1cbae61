import com.hivemq.embedded.EmbeddedExtension;
import com.hivemq.embedded.EmbeddedHiveMQ;
import com.hivemq.extension.sdk.api.ExtensionMain;
import com.hivemq.extension.sdk.api.auth.SimpleAuthenticator;
import com.hivemq.extension.sdk.api.parameter.ExtensionStartInput;
import com.hivemq.extension.sdk.api.parameter.ExtensionStartOutput;
import com.hivemq.extension.sdk.api.parameter.ExtensionStopInput;
import com.hivemq.extension.sdk.api.parameter.ExtensionStopOutput;
import com.hivemq.extension.sdk.api.services.Services;
import java.nio.file.Path;

/** HiveMQ CE as it comes, but that it lets everyone in. Its one argument is the folder it lives in. */
public final class OpenHiveMq {
  public static void main(String[] args) {
    Path folder = Path.of(args[0]);
    EmbeddedExtension extension = EmbeddedExtension.builder()
        .withId("open")
        .withName("open")
        .withVersion("1")
        .withExtensionMain(new LetEveryoneIn())
        .build();
    EmbeddedHiveMQ.builder()
        .withConfigurationFolder(folder.resolve("conf"))
        .withDataFolder(folder.resolve("data"))
        .withExtensionsFolder(folder.resolve("extensions"))
        .withEmbeddedExtension(extension)
        .build()
        .start()
        .join();
  }

  private static final class LetEveryoneIn implements ExtensionMain {
    @Override
    public void extensionStart(ExtensionStartInput input, ExtensionStartOutput output) {
      SimpleAuthenticator open = (in, out) -> out.authenticateSuccessfully();
      Services.securityRegistry().setAuthenticatorProvider(provider -> open);
    }

    @Override
    public void extensionStop(ExtensionStopInput input, ExtensionStopOutput output) {}
  }
}
